import type { Rejection } from "../messages/rejection.ts";

/** What became of an update; each has a receipt. */
export const OUTCOMES = ["applied", "unchanged", "stale", "rejected"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a committed batch says of one delivery. The pipeline acknowledges all of these. */
export type Settlement =
  | { readonly outcome: "applied"; readonly rows: number }
  | { readonly outcome: "unchanged" | "stale" | "duplicate" }
  | { readonly outcome: "rejected"; readonly rejection: Rejection };
