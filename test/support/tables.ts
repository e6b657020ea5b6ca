import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../src/tables/define-table.ts";
import { registryOf } from "../../src/tables/registry.ts";

/** Plain rows with a version and no constraint beyond their key. */
export const counters = defineTable({
  name: "counters",
  columns: {
    id: p.string().length(64),
    n: p.bigint().unsigned(false).default(0),
    label: p.string().length(50).nullable(),
    at: p.datetime(6).nullable(),
  },
  key: "id",
  version: "at",
});

/** Money: exact, and never below zero; the database holds that. */
export const accounts = defineTable({
  name: "accounts",
  columns: {
    id: p.integer().unsigned(false),
    balance: p.decimal().precision(20).scale(2).default("0.00"),
    status: p.enum(["open", "closed"]).default("open"),
  },
  key: "id",
  checks: [{ name: "accounts_not_below_zero", expression: "balance >= 0" }],
});

/** A unique index beside the key, a server-side default, and a column without any. */
export const people = defineTable({
  name: "people",
  columns: {
    id: p.integer().unsigned(false),
    email: p.string().length(100),
    name: p.string().length(100).nullable(),
    created: p.datetime(6).defaultRaw("current_timestamp(6)"),
  },
  key: "id",
  uniques: [{ name: "people_email", properties: ["email"] }],
});

/** Points at people; a composite key. */
export const badges = defineTable({
  name: "badges",
  columns: {
    person: p.manyToOne(people.entity).mapToPk(),
    kind: p.string().length(20),
    points: p.integer().unsigned(true).default(0),
  },
  key: ["person", "kind"],
});

/** The server chooses the key. */
export const notes = defineTable({
  name: "notes",
  columns: { id: p.bigint().autoincrement(), body: p.text() },
  key: "id",
});

export const testRegistry = registryOf([counters, accounts, people, badges, notes]);
