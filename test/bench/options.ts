import { parseArgs } from "node:util";
import type { MysqlFlavor } from "../../src/local/mysql-program.ts";
import { BROKER_KINDS, type BrokerKind } from "./broker.ts";
import { HTTP_PARTS, type HttpPart } from "./http/job.ts";
import type { HttpPace } from "./http/measure.ts";
import { CANDIDATES, type Candidate } from "./job.ts";
import { PART_NAMES, type PartName } from "./parts/part.ts";

/** What one bench is to do. */
export interface BenchOptions {
  readonly flavor: MysqlFlavor | undefined;
  /** Messages published for each run, the doubled ones among them. */
  readonly messages: number;
  readonly rounds: number;
  readonly candidates: readonly Candidate[];
  /** What the candidates and HTTP are measured with; the parts always have the built-in one. */
  readonly broker: BrokerKind;
  /** What is measured of rowpost alone. */
  readonly parts: readonly PartName[];
  /** Only whether the bench still runs is asked: few variants of each part are enough. */
  readonly smoke: boolean;
  /** Messages in a run of a part, where its variants are as fast as simple upserts. */
  readonly partMessages: number;
  /** Receipts that are there already, ascending, beside none; and the buffer pools to try them with, in MiB. */
  readonly receipts: readonly number[];
  readonly poolMiB: readonly number[];
  /** Messages that wait before the worker starts. */
  readonly backlog: number;
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
  /** File for the chart. */
  readonly chart: string | undefined;
  /** Folder for a CPU profile of each candidate's process. */
  readonly profile: string | undefined;
}

const USAGE = `npm run bench -- [mysql|mariadb]  on this server; default MySQL 9 where it can be had, else MariaDB
  --messages N                    messages in each run, default 160000
  --rounds N                      runs of each candidate, default 3; medians are printed
  --only a,b                      these only: a to d, i (database alone) and j (MikroORM); e to h over HTTP; of rowpost
                                  alone ${PART_NAMES.join(", ")}
  --broker emulator|built-in      what a to j are measured with; the others have the built-in one. Default emulator
  --part-messages N               messages in each run of these, default 100000, fewer where a run would take long
  --receipts N,N                  receipts that are there already, default 1000000,10000000
  --backlog N                     messages that wait, default 1000000
  --json FILE                     writes all figures; node test/bench/draw.ts FILE draws them
  --chart FILE                    writes a chart of them, an SVG
  --profile FOLDER                writes a CPU profile of each run to this folder, which must exist
  --smoke                         a few messages and a second of requests once: does the bench still run?`;

const WORDS = {
  messages: { type: "string" },
  rounds: { type: "string" },
  only: { type: "string" },
  broker: { type: "string", default: "emulator" },
  "part-messages": { type: "string" },
  receipts: { type: "string" },
  backlog: { type: "string" },
  chart: { type: "string" },
  json: { type: "string" },
  profile: { type: "string" },
  smoke: { type: "boolean", default: false },
} as const;

/** Reads the arguments and BENCH_MYSQL (mysql or mariadb). Throws an Error with the usage for what it does not know. */
export function benchOptions(args: readonly string[], flavorVariable: string | undefined): BenchOptions {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: WORDS, allowPositionals: true });
    const { smoke, json, chart, profile } = values;
    return {
      flavor: flavorOf(positionals, flavorVariable),
      messages: whole("messages", values.messages, smoke ? 2_000 : 160_000),
      rounds: whole("rounds", values.rounds, smoke ? 1 : 3),
      ...partsOf(values.only),
      broker: brokerOf(values.broker),
      smoke,
      partMessages: whole("part-messages", values["part-messages"], smoke ? 400 : 100_000),
      receipts: sizesOf(values.receipts ?? (smoke ? "2000" : "1000000,10000000")),
      poolMiB: smoke ? [128] : [1024, 128],
      backlog: whole("backlog", values.backlog, smoke ? 3_000 : 1_000_000),
      httpPace: smoke ? { warmUp: 1, seconds: 1 } : { warmUp: 5, seconds: 10 },
      warmUp: smoke ? 0 : 20_000,
      lightSeconds: smoke ? 1 : 12,
      lightWarmUpSeconds: smoke ? 0.3 : 2,
      json,
      chart,
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

function partsOf(only: string | undefined): Pick<BenchOptions, "candidates" | "http" | "parts"> {
  if (only === undefined) return { candidates: CANDIDATES, http: HTTP_PARTS, parts: PART_NAMES };
  const names = only.split(",");
  const unknown = names.find(
    (name) => ![...CANDIDATES, ...HTTP_PARTS, ...PART_NAMES].some((part) => part === name),
  );
  if (unknown !== undefined) throw new Error(`unknown: ${unknown}`);
  return {
    candidates: CANDIDATES.filter((candidate) => names.includes(candidate)),
    http: HTTP_PARTS.filter((part) => names.includes(part)),
    parts: PART_NAMES.filter((part) => names.includes(part)),
  };
}

function whole(name: string, text: string | undefined, fallback: number): number {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1`);
  return value;
}

function brokerOf(word: string): BrokerKind {
  const kind = BROKER_KINDS.find((one) => one === word);
  if (kind === undefined) throw new Error(`--broker must be ${BROKER_KINDS.join(" or ")}`);
  return kind;
}

function sizesOf(text: string): readonly number[] {
  return [...new Set(text.split(",").map((one) => whole("receipts", one, 0)))].sort((a, b) => a - b);
}
