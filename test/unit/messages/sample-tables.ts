import { p } from "@mikro-orm/mysql";
import { z } from "zod";
import type { Decode } from "../../../src/messages/decode.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import type { Message } from "../../../src/messages/update.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";

/** Wide numbers, free JSON, rules in zod's own words and in the table's. */
export const ledger = defineTable({
  name: "ledger",
  columns: {
    id: p.bigint().unsigned().autoincrement(false),
    amount: p.decimal().precision(65).scale(30).nullable(),
    email: p.string().length(100).nullable(),
    even: p.integer().unsigned(false).nullable(),
    meta: p.json().nullable(),
    broken: p.string().length(20).nullable(),
    sealed: p.string().length(20).nullable(),
  },
  key: "id",
  readOnly: ["sealed"],
  rules: {
    email: z.email("Write it as name@host."),
    even: z
      .number()
      .refine((value) => value % 2 === 0, { message: "must be even", params: { rule: "even" } }),
    broken: z.string().refine(() => {
      throw new Error("the rule itself is wrong");
    }),
  },
});

/** Rows that are only ever added, under a key of two columns. */
export const seats = defineTable({
  name: "seats",
  columns: { row: p.string().length(10), number: p.integer(), guest: p.string().length(50).nullable() },
  key: ["row", "number"],
  operations: ["insert"],
});

/** The server numbers the rows. */
export const notes = defineTable({
  name: "notes",
  columns: { id: p.bigint().autoincrement(), body: p.text() },
  key: "id",
});

export const sampleRegistry = registryOf([ledger, seats, notes]);
export const LIMITS = { changes: 100, dataBytes: 1024 * 1024, depth: 64 };
export const decode: Decode = createDecoder(sampleRegistry, LIMITS);

/** A message with these bytes; an object is written as JSON. */
export function message(data: string | Buffer | object, attributes: Record<string, string> = {}): Message {
  const plain = typeof data === "string" || Buffer.isBuffer(data);
  const bytes = Buffer.from(plain ? (data as string) : JSON.stringify(data));
  return { data: bytes, attributes, messageId: "1234567890", publishedAt: new Date(0) };
}

/** Decodes, and gives the rejection; fails when there is none. */
export function rejectionOf(data: string | Buffer | object, attributes: Record<string, string> = {}) {
  const { rejection } = decode(message(data, attributes));
  if (rejection === undefined) {
    throw new Error("not rejected");
  }
  return rejection;
}

/** Decodes, and gives the changes; fails with the rejection's sentence. */
export function changesOf(data: string | Buffer | object, attributes: Record<string, string> = {}) {
  const { update, rejection } = decode(message(data, attributes));
  if (update === undefined) {
    throw new Error(rejection.message);
  }
  return update.changes;
}
