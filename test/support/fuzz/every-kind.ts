import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";

/** A column of each kind, under a key of three. */
export const everyKind = defineTable({
  name: "every_kind",
  columns: {
    code: p.string().length(20),
    day: p.date(),
    number: p.bigint().unsigned().autoincrement(false),
    tiny: p.tinyint().nullable(),
    small: p.smallint().unsigned().nullable(),
    plain: p.integer().unsigned(false).default(0),
    wide: p.bigint().unsigned(false).nullable(),
    amount: p.decimal().precision(65).scale(30).nullable(),
    price: p.decimal().precision(9).scale(2).unsigned().default("0.00"),
    single: p.float().nullable(),
    precise: p.double().nullable(),
    flag: p.boolean().default(false),
    short: p.string().columnType("char(5)").nullable(),
    words: p.text().nullable(),
    blob: p.blob().nullable(),
    fixed: p.string().columnType("binary(4)").nullable(),
    at: p.datetime(6).nullable(),
    seen: p.datetime().columnType("timestamp(3)").nullable(),
    clock: p.time().length(6).nullable(),
    year: p.integer().columnType("year").nullable(),
    state: p.enum(["open", "closed", "it's"]).default("open"),
    marks: p.string().columnType("set('a','b','c d')").nullable(),
    switches: p.bigint().columnType("bit(9)").nullable(),
    document: p.json().nullable(),
    "a/b~c": p.integer().unsigned(false).nullable(),
  },
  key: ["code", "day", "number"],
  version: "at",
});

/** Rows that are only ever added, and numbered by the server. */
export const journal = defineTable({
  name: "journal",
  columns: {
    id: p.bigint().autoincrement(),
    line: p.text(),
    weight: p.decimal().precision(12).scale(3).default("0.000"),
  },
  key: "id",
  operations: ["insert"],
});

export const everyKindRegistry = registryOf([everyKind, journal]);
