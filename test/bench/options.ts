import { parseArgs } from "node:util";
import type { MysqlFlavor } from "../../src/local/mysql-program.ts";
import { HTTP_PARTS, type HttpPart } from "./http/job.ts";
import type { HttpPace } from "./http/measure.ts";
import { CANDIDATES, type Candidate } from "./job.ts";

/** What one bench is to do. */
export interface BenchOptions {
  readonly flavor: MysqlFlavor | undefined;
  /** Messages published for each run, the doubled ones among them. */
  readonly messages: number;
  readonly rounds: number;
  readonly candidates: readonly Candidate[];
  /** What is measured over HTTP. */
  readonly http: readonly HttpPart[];
  readonly httpPace: HttpPace;
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
  --only a,b                      these only: a to d as above, e to h over HTTP
  --json FILE                     writes all figures
  --profile FOLDER                writes a CPU profile of each run to this folder, which must exist
  --smoke                         2,000 messages and a second of requests once: does the bench still run?`;

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
      ...partsOf(values.only),
      httpPace: smoke ? { warmUp: 1, seconds: 1 } : { warmUp: 5, seconds: 10 },
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

function partsOf(only: string | undefined): Pick<BenchOptions, "candidates" | "http"> {
  if (only === undefined) return { candidates: CANDIDATES, http: HTTP_PARTS };
  const names = only.split(",");
  const unknown = names.find((name) => ![...CANDIDATES, ...HTTP_PARTS].some((part) => part === name));
  if (unknown !== undefined) throw new Error(`unknown candidate: ${unknown}`);
  return {
    candidates: CANDIDATES.filter((candidate) => names.includes(candidate)),
    http: HTTP_PARTS.filter((part) => names.includes(part)),
  };
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  return value;
}
