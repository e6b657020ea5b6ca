import type { Rejection } from "../messages/rejection.ts";

/** What became of an update; each has a receipt. */
export const OUTCOMES = ["applied", "unchanged", "stale", "rejected"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a committed batch says of one delivery. The pipeline acknowledges all of these. */
export type Settlement =
  | {
      readonly outcome: "applied" /** Rows made, removed or changed. */;
      readonly rows: number /** Of these, rows made. */;
      readonly inserted: number;
    }
  | { readonly outcome: "unchanged" | "stale" | "duplicate" }
  | { readonly outcome: "rejected"; readonly rejection: Rejection };
