import type { Operation, TableDefinition, Values } from "../tables/definition.ts";
import type { Rejection } from "./rejection.ts";

/** 1 to 255 printable ASCII characters that name an update; made by `idempotencyKey()` only. */
export type IdempotencyKey = string & { readonly __brand: "IdempotencyKey" };

/** SHA-256 of the update's canonical JSON: 64 hexadecimal digits, lower case. */
export type Fingerprint = string & { readonly __brand: "Fingerprint" };

/** Names one row everywhere in the process: table and canonical key. Two changes of one row have the same RowId. */
export type RowId = string & { readonly __brand: "RowId" };

/** One operation on one row of one table, checked against its definition. */
export interface Change {
  readonly table: TableDefinition;
  readonly op: Operation;
  /** undefined only for an `insert` that leaves an auto-increment key to the server. */
  readonly row: RowId | undefined;
  readonly key: Values;
  readonly set: Values;
  readonly add: Values;
  readonly expect: Values;
  /** JSON pointer of this change in the message: "" when it stands alone, else `/changes/3`. */
  readonly pointer: string;
}

/** What one Pub/Sub message carries: changes, all or nothing, under one idempotency key. */
export interface Update {
  readonly changes: readonly Change[];
}

/** A message as it came, without its means of settling. */
export interface Message {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  /** When the broker took it; microseconds are not kept. */
  readonly publishedAt: Date;
}

/** What decoding makes of a message: always a key and a fingerprint, and an update or the reason why there is none. */
export type Decoded = {
  readonly message: Message;
  readonly key: IdempotencyKey;
  readonly fingerprint: Fingerprint;
} & (
  | { readonly update: Update; readonly rejection?: undefined }
  | {
      readonly update?: undefined;
      readonly rejection: Rejection;
      /** The first of all faults one by one, where a table's schema found several. */
      readonly each?: readonly Rejection[];
    }
);
