import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../src/tables/define-table.ts";
import { table as toots } from "../../src/tables/definitions/toots.ts";
import type { TableDefinition } from "../../src/tables/definition.ts";

/** The table that all candidates write: for rowpost its definition, for the others `ROWS_DDL`, which is the same. */
export const benchTable: TableDefinition = defineTable({
  name: "bench_rows",
  columns: {
    id: p.integer().unsigned(false),
    name: p.string().length(150),
    email: p.string().length(150),
    amount: p.decimal().precision(12).scale(2),
    at: p.datetime(6),
    note: p.text().nullable(),
  },
  key: "id",
});

/** The same with a version: what carries an older one is stale. */
export const versionedTable: TableDefinition = defineTable({
  name: "bench_versions",
  columns: {
    id: p.integer().unsigned(false),
    name: p.string().length(150),
    email: p.string().length(150),
    amount: p.decimal().precision(12).scale(2),
    at: p.datetime(6),
    note: p.text().nullable(),
    version: p.bigint(),
  },
  key: "id",
  version: "version",
});

/** All that rowpost knows in the bench; `toots`, which its migrations make, has wide rows with JSON. */
export const tables: readonly TableDefinition[] = [benchTable, versionedTable, toots];

export const ROWS_DDL =
  "CREATE TABLE bench_rows (id INT NOT NULL PRIMARY KEY, name VARCHAR(150) NOT NULL, email VARCHAR(150) NOT NULL, " +
  "amount DECIMAL(12,2) NOT NULL, at DATETIME(6) NOT NULL, note TEXT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";

export const VERSIONS_DDL = ROWS_DDL.replace("bench_rows", "bench_versions").replace(
  "note TEXT NULL",
  "note TEXT NULL, version BIGINT NOT NULL",
);

/** Where (b), (c), (i) and (j) remember which messages they have applied; UUIDv7 keys append. */
export const KEYS_DDL =
  "CREATE TABLE bench_keys (id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY) ENGINE=InnoDB";
