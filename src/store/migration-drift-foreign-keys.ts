import type { DatabaseTable } from "@mikro-orm/mysql";
import { withDots } from "../tables/dots.ts";
import type { Session } from "./migration-session.ts";

/** By `table.name`: what a foreign key is, in one line. */
export type ForeignKeys = ReadonlyMap<string, string>;

const FOREIGN_KEYS = `SELECT k.table_name AS t, k.constraint_name AS name, k.column_name AS c,
    k.referenced_table_schema = DATABASE() AS ours, k.referenced_table_schema AS s, k.referenced_table_name AS p,
    k.referenced_column_name AS pc, r.update_rule AS on_update, r.delete_rule AS on_delete
  FROM information_schema.key_column_usage k
  JOIN information_schema.referential_constraints r ON r.constraint_schema = k.constraint_schema
    AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
  WHERE k.table_schema = DATABASE() AND k.referenced_table_name IS NOT NULL
  ORDER BY k.table_name, k.constraint_name, k.ordinal_position`;

/** The live database's foreign keys. */
export async function liveForeignKeys(session: Session): Promise<ForeignKeys> {
  const keys = new Map<string, ForeignKeyParts>();
  for (const row of await session.rows(FOREIGN_KEYS)) {
    const id = `${row["t"]}.${row["name"]}`;
    const parent = Number(row["ours"]) === 1 ? String(row["p"]) : `${row["s"]}.${row["p"]}`;
    const key = keys.get(id) ?? {
      columns: [],
      parent,
      parentColumns: [],
      onUpdate: String(row["on_update"]),
      onDelete: String(row["on_delete"]),
    };
    key.columns.push(String(row["c"]));
    key.parentColumns.push(String(row["pc"]));
    keys.set(id, key);
  }
  return new Map([...keys].map(([id, key]) => [id, textOf(key)]));
}

/** In what a live table's foreign keys differ from the declared ones, a sentence each. */
export function foreignKeyDrift(table: DatabaseTable, live: ForeignKeys): string[] {
  const tableName = withDots(table.name);
  return Object.values(table.getForeignKeys()).flatMap((key) => {
    const name = withDots(key.constraintName);
    const is = live.get(`${tableName}.${name}`);
    if (is === undefined) return [`${tableName}: constraint ${name} is missing`];
    const should = textOf({
      columns: key.columnNames.map(withDots),
      parent: withDots(key.referencedTableName),
      parentColumns: key.referencedColumnNames.map(withDots),
      onUpdate: key.updateRule,
      onDelete: key.deleteRule,
    });
    return is === should ? [] : [`${tableName}: foreign key ${name} is ${is}, should be ${should}`];
  });
}

interface ForeignKeyParts {
  readonly columns: string[];
  readonly parent: string;
  readonly parentColumns: string[];
  readonly onUpdate: string | undefined;
  readonly onDelete: string | undefined;
}

function textOf({ columns, parent, parentColumns, onUpdate, onDelete }: ForeignKeyParts): string {
  const target = `${parent} (${parentColumns.join(", ")})`;
  return `(${columns.join(", ")}) references ${target} on update ${ruleOf(onUpdate)} on delete ${ruleOf(onDelete)}`;
}

/** To InnoDB, NO ACTION is RESTRICT, and what it is without a rule (MySQL 8.4 Reference Manual, "FOREIGN KEY Constraints"). */
function ruleOf(rule: string | undefined): string {
  const text = (rule ?? "restrict").toLowerCase();
  return text === "no action" ? "restrict" : text;
}
