import { p } from "@mikro-orm/mysql";
import { defineTable } from "../tables/define-table.ts";
import type { TableDefinition } from "../tables/definition.ts";

/** Money: it moves between accounts, none comes or goes, and none is overdrawn. */
const accounts = defineTable({
  name: "chaos_accounts",
  columns: { id: p.integer().unsigned(false), balance: p.decimal().precision(20).scale(2) },
  key: "id",
  checks: [{ name: "chaos_accounts_balance", expression: "balance >= 0" }],
});

/** Counts, under ids and to sums that a double does not hold. */
const counters = defineTable({
  name: "chaos_counters",
  columns: { id: p.bigint().unsigned(false), n: p.bigint().unsigned(false).default(0) },
  key: "id",
});

/** Texts of which only a newer version replaces an older one. */
const documents = defineTable({
  name: "chaos_documents",
  columns: {
    id: p.integer().unsigned(false),
    version: p.bigint().unsigned(false),
    body: p.json(),
  },
  key: "id",
  version: "version",
});

/** Rows that are only ever written together. */
const groups = defineTable({
  name: "chaos_groups",
  columns: {
    team: p.integer().unsigned(false),
    member: p.integer().unsigned(false),
    token: p.string().length(100),
  },
  key: ["team", "member"],
});

/** Names that many want and one gets. */
const names = defineTable({
  name: "chaos_names",
  columns: { id: p.string().length(100), name: p.string().length(100) },
  key: "id",
  uniques: [{ name: "chaos_names_name", properties: ["name"] }],
});

export const CHAOS_TABLES: readonly TableDefinition[] = [accounts, counters, documents, groups, names];

/** Members of a group. */
export const MEMBERS = 4;

/** What the definitions say, and a diary of the documents, which the server itself keeps. */
export const CHAOS_DDL: readonly string[] = [
  "CREATE TABLE chaos_accounts (id INT NOT NULL PRIMARY KEY, balance DECIMAL(20,2) NOT NULL, CONSTRAINT chaos_accounts_balance CHECK (balance >= 0)) ENGINE=InnoDB",
  "CREATE TABLE chaos_counters (id BIGINT NOT NULL PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0) ENGINE=InnoDB",
  "CREATE TABLE chaos_documents (id INT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, body JSON NOT NULL) ENGINE=InnoDB",
  "CREATE TABLE chaos_groups (team INT NOT NULL, member INT NOT NULL, token VARCHAR(100) NOT NULL, PRIMARY KEY (team, member)) ENGINE=InnoDB",
  "CREATE TABLE chaos_names (id VARCHAR(100) NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL, UNIQUE KEY chaos_names_name (name)) ENGINE=InnoDB",
  "CREATE TABLE chaos_diary (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, document INT NOT NULL, older BIGINT NOT NULL, newer BIGINT NOT NULL) ENGINE=InnoDB",
  "CREATE TRIGGER chaos_documents_diary AFTER UPDATE ON chaos_documents FOR EACH ROW INSERT INTO chaos_diary (document, older, newer) VALUES (OLD.id, OLD.version, NEW.version)",
];
