import { parseArgs } from "node:util";
import type { MysqlFlavor } from "../../src/local/mysql-program.ts";
import { CANDIDATES, type Candidate } from "./job.ts";

/** What one bench is to do. */
export interface BenchOptions {
  readonly flavor: MysqlFlavor | undefined;
  /** Messages published for each run, the doubled ones among them. */
  readonly messages: number;
  readonly rounds: number;
  readonly candidates: readonly Candidate[];
  /** Messages of the run that warms the servers up and is not counted; 0: none. */
  readonly warmUp: number;
  /** Length of the light load, and how much of its beginning is not counted. */
  readonly lightSeconds: number;
  readonly lightWarmUpSeconds: number;
  /** File for the figures. */
  readonly json: string | undefined;
  /** Folder for a CPU profile of each candidate's process. */
  readonly profile: string | undefined;
}

const USAGE = `npm run bench -- [mysql|mariadb]  on this server; default MySQL 9 where it can be had, else MariaDB
  --messages N                    messages in each run, default 160000
  --rounds N                      runs of each candidate, default 3; medians are printed
  --only a,b                      these candidates only
  --json FILE                     writes all figures
  --profile FOLDER                writes a CPU profile of each run to this folder, which must exist
  --smoke                         2,000 messages once: does the bench still run?`;

const WORDS = {
  messages: { type: "string" },
  rounds: { type: "string" },
  only: { type: "string" },
  json: { type: "string" },
  profile: { type: "string" },
  smoke: { type: "boolean", default: false },
} as const;

/** Reads the arguments and BENCH_MYSQL (mysql or mariadb). Throws an Error with the usage for what it does not know. */
export function benchOptions(args: readonly string[], flavorVariable: string | undefined): BenchOptions {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: WORDS, allowPositionals: true });
    const { smoke, json, profile } = values;
    return {
      flavor: flavorOf(positionals, flavorVariable),
      messages: whole("messages", values.messages, smoke ? 2_000 : 160_000),
      rounds: whole("rounds", values.rounds, smoke ? 1 : 3),
      candidates: candidatesOf(values.only),
      warmUp: smoke ? 0 : 20_000,
      lightSeconds: smoke ? 1.5 : 12,
      lightWarmUpSeconds: smoke ? 0.5 : 2,
      json,
      profile,
    };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, {
      cause: error,
    });
  }
}

function flavorOf(positionals: readonly string[], variable: string | undefined): MysqlFlavor | undefined {
  const [word = variable, ...more] = positionals;
  if (word === undefined || word === "") return undefined;
  if (more.length > 0 || (word !== "mysql" && word !== "mariadb"))
    throw new Error(`unknown: ${word} ${more}`);
  return word;
}

function candidatesOf(only: string | undefined): readonly Candidate[] {
  if (only === undefined) return CANDIDATES;
  const names = only.split(",");
  const unknown = names.find((name) => !CANDIDATES.some((candidate) => candidate === name));
  if (unknown !== undefined) throw new Error(`unknown candidate: ${unknown}`);
  return CANDIDATES.filter((candidate) => names.includes(candidate));
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  return value;
}
