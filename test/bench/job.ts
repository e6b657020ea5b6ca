/** Who is measured, in the order of the table; (e) to (h) are measured over HTTP. */
export const CANDIDATES = ["a", "i", "b", "c", "j", "d"] as const;
export type Candidate = (typeof CANDIDATES)[number];

/** What each candidate is, for the table. */
export const TITLES: Readonly<Record<Candidate, string>> = {
  a: "broker's ceiling: pull, ack",
  i: "database alone: (b)'s, no broker",
  b: "raw pipeline: 500 a transaction",
  c: "by hand: 1 a transaction",
  j: "MikroORM: 1 a transaction",
  d: "rowpost",
};

/** What a candidate's process is told. */
export interface Job {
  readonly candidate: Candidate;
  /** Deliveries to settle; then it ends. */
  readonly messages: number;
  /** It tells of its progress after each batch. */
  readonly tells?: boolean;
  /** Others settle from the same subscription: it ends when it is told to. */
  readonly shared?: boolean;
  /** rowpost's variables that are not the bench's own defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Latencies of deliveries received sooner than this after the first one are not kept; undefined: none are. */
  readonly latencyAfterMs: number | undefined;
  /** File for a CPU profile of what is measured. */
  readonly profile: string | undefined;
  readonly database: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly name: string;
  };
  readonly pubsub: {
    readonly host: string;
    readonly project: string;
    readonly topic: string;
    readonly subscription: string;
    readonly backstopTopic: string;
    readonly backstopSubscription: string;
  };
  /** Processes whose CPU time is read, where /proc tells it. */
  readonly pids: { readonly mysql: number | undefined; readonly broker: number | undefined };
}

/** What a candidate's process measured, from its first delivery to its last settlement. */
export interface Figures {
  readonly seconds: number;
  /** Messages a second. */
  readonly rate: number;
  /** The same and `clientCpu` of the second half alone: what a worker does once Node has compiled what runs often. */
  readonly warm: { readonly rate: number; readonly clientCpu: number };
  /** Microseconds of CPU a message: of the candidate's process, of the servers; undefined where they can't be read. */
  readonly clientCpu: number;
  readonly mysqlCpu: number | undefined;
  readonly brokerCpu: number | undefined;
  /** The largest resident set that the process ever had, in MiB. */
  readonly peakMiB: number;
  /** Transactions of many messages, and messages in each on average; 0 where there are none. */
  readonly batches: number;
  readonly meanBatch: number;
  /** Batches that were tried again: deadlocks, lock waits, receipts that another worker wrote first. */
  readonly retries: number;
  /** Milliseconds from receive to commit, ascending; empty unless asked for. */
  readonly latencies: readonly number[];
}

/** What a candidate's process tells while it runs; times in ms of the machine's monotonic clock. */
export interface Progress {
  /** When its first delivery came. */
  readonly first: number;
  readonly at: number;
  /** Deliveries that it has settled so far. */
  readonly settled: number;
}

/** Milliseconds of a clock that all processes of this machine share. */
export function sharedClock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
