import type { PlannedUpdate } from "./chaos-plan.ts";
import { MEMBERS } from "./chaos-tables.ts";

/** An update without its key. */
export type Made = Omit<PlannedUpdate, "key">;

export interface Making {
  readonly seed: number;
  /** A number from 0 to below n. */
  pick(n: number): number;
  /** The newest version of each document so far. */
  readonly versions: Map<number, bigint>;
  readonly accounts: number;
}

interface Kind {
  /** Of 100 updates so many. */
  readonly share: number;
  make(making: Making, i: number): readonly Made[];
}

const COUNTERS = 100;
const DOCUMENTS = 200;
const TEAMS = 50;
/** Candidates for one name, about. */
const CONTEST = 4;
/** Beyond 2^53, so that a lost digit shows. */
const FIRST_COUNTER = 9_007_199_254_740_993n;

export const KINDS: readonly Kind[] = [
  { share: 35, make: (making) => [increment(making)] },
  { share: 20, make: (making) => [transfer(making)] },
  { share: 20, make: (making) => [overwrite(making)] },
  { share: 9, make: (making, i) => [group(making, i)] },
  { share: 8, make: (making, i) => [contest(making, i)] },
  { share: 3, make: (making, i) => [half(making, i)] },
  { share: 1, make: (_making, i) => reuse(i) },
  { share: 4, make: (making) => [invalid(making)] },
];

function increment({ pick }: Making): Made {
  const id = String(FIRST_COUNTER + BigInt(pick(COUNTERS)));
  // Each step alone is more than a double tells from the next.
  const by = 9_007_199_254_741n + BigInt(pick(1_000));
  return {
    data: `{"table":"chaos_counters","op":"upsert","key":{"id":${id}},"add":{"n":${by}}}`,
    allowed: ["applied"],
    effect: { kind: "count", id, by },
  };
}

function transfer({ pick, accounts }: Making): Made {
  const from = pick(accounts);
  const to = (from + 1 + pick(accounts - 1)) % accounts;
  const cents = BigInt(1 + pick(9_000));
  const amount = `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
  const change = (id: number, add: string) =>
    `{"table":"chaos_accounts","op":"update","key":{"id":${id}},"add":{"balance":"${add}"}}`;
  return {
    data: `{"changes":[${change(from, `-${amount}`)},${change(to, amount)}]}`,
    allowed: ["applied", "check_failed"],
    effect: { kind: "transfer", from, to, cents },
  };
}

function overwrite({ pick, versions }: Making): Made {
  const id = pick(DOCUMENTS);
  const version = (versions.get(id) ?? 0n) + 1n + BigInt(pick(3));
  versions.set(id, version);
  const body = `{"version":${version},"by":"${"🦆".repeat(pick(4))}"}`;
  return {
    data: `{"table":"chaos_documents","op":"upsert","key":{"id":${id}},"set":{"version":${version},"body":${body}}}`,
    allowed: ["applied", "stale"],
    effect: { kind: "document", id, version, body },
  };
}

function group({ pick, seed }: Making, i: number): Made {
  const team = pick(TEAMS);
  const token = `t-${seed}-${i}`;
  const changes = Array.from(
    { length: MEMBERS },
    (_, member) =>
      `{"table":"chaos_groups","op":"upsert","key":{"team":${team},"member":${member}},"set":{"token":"${token}"}}`,
  );
  return {
    data: `{"changes":[${changes.join(",")}]}`,
    allowed: ["applied"],
    effect: { kind: "group", team, token },
  };
}

/** The others who want the same name come later in the plan, or came before. */
function contest({ pick, seed }: Making, i: number): Made {
  const name = `n-${seed}-${Math.floor(i / 100)}-${pick(Math.ceil(8 / CONTEST))}`;
  const id = `i-${seed}-${i}`;
  return {
    data: `{"table":"chaos_names","op":"insert","key":{"id":"${id}"},"set":{"name":"${name}"}}`,
    allowed: ["applied", "unique_conflict"],
    effect: { kind: "name", id, name },
  };
}

/** Its first changes are fine, and its last one fails. */
function half({ pick, seed }: Making, i: number): Made {
  const token = `half-${seed}-${i}`;
  const fine =
    `{"table":"chaos_groups","op":"insert","key":{"team":${1_000_000 + i},"member":0},"set":{"token":"${token}"}},` +
    `{"table":"chaos_counters","op":"upsert","key":{"id":${FIRST_COUNTER}},"add":{"n":1}}`;
  const [failing, code] = [
    ['{"table":"chaos_accounts","op":"update","key":{"id":-1},"add":{"balance":"1"}}', "row_missing"],
    ['{"table":"chaos_accounts","op":"insert","key":{"id":0},"set":{"balance":"1"}}', "row_exists"],
    [
      '{"table":"chaos_accounts","op":"update","key":{"id":0},"add":{"balance":"1"},"expect":{"balance":"-1"}}',
      "expectation_failed",
    ],
    ['{"table":"chaos_accounts","op":"update","key":{"id":0},"add":{"balance":"-99999999"}}', "check_failed"],
  ][pick(4)] as [string, string];
  return { data: `{"changes":[${fine},${failing}]}`, allowed: [code], effect: { kind: "none" } };
}

/** Two updates under one key. */
function reuse(i: number): readonly Made[] {
  const id = (side: number) => String(1_000_000n + BigInt(i) * 2n + BigInt(side));
  return [0, 1].map((side) => ({
    data: `{"table":"chaos_counters","op":"upsert","key":{"id":${id(side)}},"add":{"n":1}}`,
    allowed: ["applied"],
    effect: { kind: "either", id: id(0) } as const,
  }));
}

const INVALID: readonly (readonly [data: string, code: string])[] = [
  ["not JSON", "malformed"],
  ['{"table":"chaos_nothing","op":"upsert","key":{"id":1},"set":{"n":1}}', "unknown_table"],
  ['{"table":"chaos_counters","op":"upsert","key":{"id":1},"set":{"m":1}}', "unknown_column"],
  ['{"table":"chaos_counters","op":"upsert","key":{"id":1},"add":{"n":1.5}}', "invalid"],
  ['{"table":"chaos_counters","op":"upsert","key":{"id":1},"set":{"n":9223372036854775808}}', "invalid"],
  ['{"changes":[]}', "invalid"],
];

function invalid({ pick }: Making): Made {
  const [data, code] = INVALID[pick(INVALID.length)] as readonly [string, string];
  return { data, allowed: [code], effect: { kind: "none" } };
}
