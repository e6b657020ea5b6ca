/** Who is measured. */
export const CANDIDATES = ["a", "b", "c", "d"] as const;
export type Candidate = (typeof CANDIDATES)[number];

/** What each candidate is, for the table. */
export const TITLES: Readonly<Record<Candidate, string>> = {
  a: "broker's ceiling: pull, ack",
  b: "raw pipeline: 500 a transaction",
  c: "by hand: 1 a transaction",
  d: "rowpost",
};

/** What a candidate's process is told. */
export interface Job {
  readonly candidate: Candidate;
  /** Deliveries to settle; then it ends. */
  readonly messages: number;
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
  readonly pids: { readonly mysql: number | undefined; readonly emulator: number | undefined };
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
  readonly emulatorCpu: number | undefined;
  /** The largest resident set that the process ever had, in MiB. */
  readonly peakMiB: number;
  /** Transactions of many messages, and messages in each on average; 0 where there are none. */
  readonly batches: number;
  readonly meanBatch: number;
  /** Milliseconds from receive to commit, ascending; empty unless asked for. */
  readonly latencies: readonly number[];
}
