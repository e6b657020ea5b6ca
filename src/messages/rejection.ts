/** Why an update can never succeed as it is. A closed list: extend the design first. */
export const REJECTION_CODES = [
  "malformed", // not UTF-8, not JSON, not the declared encoding
  "invalid", // with JSON pointer and rule
  "too_large",
  "unknown_table",
  "unknown_column",
  "operation_denied",
  "row_missing",
  "row_exists",
  "expectation_failed",
  "unique_conflict", // with the index
  "foreign_key",
  "check_failed",
  "data_refused", // the server's errno and text
  "key_reused", // same key, other fingerprint
  "forbidden",
  "undeliverable", // came back through the subscription's own dead-letter topic
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** A rejected outcome: what, where, and one sentence that the publisher can act on. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly message: string;
  /** JSON pointer (RFC 6901) into the update, as the publisher wrote it. */
  readonly pointer?: string;
  /** The rule that was broken, in snake_case: `type`, `range`, `scale`, `max_length`, `required`, … */
  readonly rule?: string;
  /** A declared table; with `unknown_table` what the publisher wrote, cut to 64 characters. */
  readonly table?: string;
  /** A declared column; with `unknown_column` what the publisher wrote, cut to 64 characters. */
  readonly column?: string;
  readonly index?: string;
  readonly errno?: number;
}
