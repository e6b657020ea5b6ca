import type { Servers } from "../ground.ts";
import type { BenchOptions } from "../options.ts";

/** What is measured of rowpost alone, each in a file of its own, in the order in which it is done. */
export const PART_NAMES = ["mix", "batch", "trip", "workers", "load", "receipts", "backlog"] as const;
export type PartName = (typeof PART_NAMES)[number];

/** What a part is given. */
export interface PartContext {
  readonly servers: Servers;
  readonly options: BenchOptions;
  readonly signal: AbortSignal;
  /** Takes a line for the person who waits. */
  readonly say: (line: string) => void;
}

export type Part = (context: PartContext) => Promise<PartResult>;

/** What a part has found: a table, and whether the targets hold. */
export interface PartResult {
  readonly name: PartName;
  /** A sentence that says what the table shows. */
  readonly title: string;
  readonly columns: readonly { readonly head: string; readonly digits: number }[];
  readonly rows: readonly PartRow[];
  readonly notes: readonly string[];
  readonly checks: readonly PartCheck[];
}

export interface PartRow {
  readonly title: string;
  /** The line of a chart that the row is a point of, and where it stands on it; bars have neither. */
  readonly series?: string;
  readonly x?: number;
  /** One for each column; undefined where there is nothing to say. */
  readonly cells: readonly (number | undefined)[];
}

/** A figure beside what is asked of it. */
export interface PartCheck {
  readonly name: string;
  readonly found: number;
  readonly target: number;
  /** Whether the target is the least or the most that is good. */
  readonly bound: "least" | "most";
}

/** Whether the figure is as asked. A figure that is not a number never is. */
export function holds({ found, target, bound }: PartCheck): boolean {
  return bound === "least" ? found >= target : found <= target;
}

/** Columns that most parts have. */
export const COLUMNS = {
  rate: { head: "messages/s", digits: 0 },
  clientCpu: { head: "client µs", digits: 1 },
  mysqlCpu: { head: "MySQL µs", digits: 1 },
} as const;
