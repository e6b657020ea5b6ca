import type { DatabaseSchema, DatabaseTable, MikroORM } from "@mikro-orm/mysql";
import { withoutDots } from "../tables/dots.ts";
import { type ForeignKey, foreignKeysOf } from "../tables/foreign-key.ts";

/**
 * The tables that the definitions ask for: what MikroORM makes of them, and the foreign keys that they name. Names in it and in
 * MikroORM's SQL for it have to go through `withDots`.
 */
export function targetSchema(orm: MikroORM): DatabaseSchema {
  const schema = orm.schema.getTargetSchema();
  for (const meta of orm.getMetadata().getAll().values()) {
    const table = schema.getTable(meta.collection);
    const declared = foreignKeysOf(meta.class);
    if (table === undefined || declared.length === 0) continue;
    table.setForeignKeys({ ...table.getForeignKeys(), ...constraints(table, declared) });
  }
  return schema;
}

function constraints(table: DatabaseTable, declared: readonly ForeignKey[]) {
  const entries = declared.map(({ name, columns, references, onDelete, onUpdate }) => {
    const constraintName = withoutDots(name);
    const foreignKey = {
      columnNames: columns.map(withoutDots),
      constraintName,
      localTableName: table.name,
      referencedTableName: withoutDots(references.table),
      referencedColumnNames: references.columns.map(withoutDots),
      updateRule: onUpdate,
      deleteRule: onDelete,
    };
    return [constraintName, foreignKey] as const;
  });
  return Object.fromEntries(entries);
}
