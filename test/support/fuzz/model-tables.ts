import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { NOW, type TableFacts } from "./row-model.ts";

const time = () => p.datetime().extra("on update current_timestamp");
const id = () => p.integer().autoincrement(false);

/** Tables in which everything is that makes a batch wait for its own writes. The facts below say the same for the model. */
export const modelRegistry = registryOf([
  defineTable({
    name: "counters",
    columns: {
      id: id(),
      n: p.bigint().unsigned(false).default(0),
      label: p.string().length(50).nullable(),
      at: p.datetime(6).nullable(),
    },
    key: "id",
    version: "at",
  }),
  defineTable({
    name: "accounts",
    columns: {
      id: id(),
      balance: p.decimal().precision(6).scale(2).default("0.00"),
      grade: p.tinyint().nullable(),
    },
    key: "id",
    checks: [{ name: "accounts_not_below_zero", expression: "balance >= 0" }],
  }),
  defineTable({
    name: "people",
    columns: {
      id: id(),
      name: p.string().length(20),
      created: p.datetime().defaultRaw("current_timestamp"),
      visits: p.smallint().unsigned().default(7),
    },
    key: "id",
    version: "visits",
  }),
  defineTable({
    name: "timed",
    columns: {
      id: id(),
      n: p.integer().unsigned(false).nullable(),
      changed: time().nullable(),
      stamped: time().defaultRaw("current_timestamp"),
    },
    key: "id",
  }),
  defineTable({ name: "crews", columns: { id: id(), n: p.integer().unsigned(false).nullable() }, key: "id" }),
  defineTable({
    name: "sailors",
    columns: {
      id: id(),
      crew: p.integer().unsigned().nullable(),
      note: p.string().length(20).default("none"),
    },
    key: "id",
    foreignKeys: [{ columns: "crew", references: { table: "crews", columns: "id" }, onDelete: "cascade" }],
  }),
]);

const INT = { kind: "integer", min: -(2n ** 31n), max: 2n ** 31n - 1n, scale: 0 } as const;
const TEXT = { kind: "text", min: 0n, max: 0n, scale: 0 } as const;
const TIME = { kind: "time", min: 0n, max: 0n, scale: 0 } as const;

/** The same tables, as the model knows them. */
export const MODEL_TABLES: readonly TableFacts[] = [
  {
    name: "counters",
    version: "at",
    columns: {
      n: { ...INT, min: -(2n ** 63n), max: 2n ** 63n - 1n, nullable: false, initial: 0n },
      label: { ...TEXT, nullable: true, initial: null },
      at: { ...TIME, nullable: true, initial: null },
    },
  },
  {
    name: "accounts",
    columns: {
      balance: { ...INT, scale: 2, min: -999_999n, max: 999_999n, nullable: false, initial: 0n },
      grade: { ...INT, min: -128n, max: 127n, nullable: true, initial: null },
    },
    notBelowZero: "balance",
  },
  {
    name: "people",
    version: "visits",
    columns: {
      name: { ...TEXT, nullable: false, initial: undefined },
      created: { ...TIME, nullable: false, initial: NOW },
      visits: { ...INT, min: 0n, max: 65_535n, nullable: false, initial: 7n },
    },
  },
  {
    name: "timed",
    columns: {
      n: { ...INT, nullable: true, initial: null },
      changed: { ...TIME, nullable: true, initial: null, onUpdate: true },
      stamped: { ...TIME, nullable: false, initial: NOW, onUpdate: true },
    },
  },
  { name: "crews", columns: { n: { ...INT, nullable: true, initial: null } } },
  {
    name: "sailors",
    columns: {
      crew: { ...INT, min: 0n, max: 2n ** 32n - 1n, nullable: true, initial: null },
      note: { ...TEXT, nullable: false, initial: "none" },
    },
    owner: { table: "crews", column: "crew" },
  },
];
