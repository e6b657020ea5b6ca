import type { Column as SchemaColumn, SchemaDifference, TableDifference } from "@mikro-orm/mysql";
import type { SqlType } from "../tables/sql-type.ts";
import { columnType } from "./migration-type-change.ts";

/**
 * Says of each changed table which changes are long on a large one. MySQL copies the whole table for some, and lets nobody write
 * to it meanwhile; for others it rebuilds it in place while writes go on. All else is done at once, or beside all writes
 * (MySQL 8.4 Reference Manual, "Online DDL Operations"; test/integration/store/migration-online.test.ts asks the server).
 */
export function onlineNotes(diff: SchemaDifference): string[] {
  return Object.values(diff.changedTables).flatMap((table) => {
    const { copies, rebuilds } = costsOf(table);
    return [
      ...(copies.length === 0
        ? []
        : [
            `MySQL copies ${table.name} and lets nobody write to it meanwhile, for: ${copies.join(", ")}; plan for it when the table is large`,
          ]),
      ...(rebuilds.length === 0
        ? []
        : [
            `MySQL rebuilds ${table.name} while writes go on, for: ${rebuilds.join(", ")}; it takes time and space when the table is large`,
          ]),
    ];
  });
}

interface Costs {
  readonly copies: readonly string[];
  readonly rebuilds: readonly string[];
}

function costsOf(table: TableDifference): Costs {
  const copies: string[] = [];
  const rebuilds: string[] = [];
  for (const column of Object.values(table.addedColumns)) {
    if (/\bstored$/i.test(column.generated ?? "")) copies.push(`adding stored ${column.name}`);
    else if (column.autoincrement) copies.push(`adding auto-incremented ${column.name}`);
    else if (isExpression(column)) copies.push(`adding ${column.name} with an expression as its default`);
  }
  for (const { column, fromColumn } of Object.values(table.changedColumns)) {
    if (copiesType(fromColumn, column)) copies.push(`the type of ${column.name}`);
    else if (fromColumn.autoincrement !== column.autoincrement)
      copies.push(`AUTO_INCREMENT of ${column.name}`);
    else if (fromColumn.nullable !== column.nullable) rebuilds.push(`NULL of ${column.name}`);
  }
  const primary = { ...table.addedIndexes, ...table.changedIndexes, ...table.removedIndexes }["PRIMARY"];
  if (primary !== undefined) copies.push("the primary key");
  for (const name of Object.keys({ ...table.addedForeignKeys, ...table.changedForeignKeys })) {
    copies.push(`foreign key ${name}`);
  }
  for (const name of Object.keys({ ...table.addedChecks, ...table.changedChecks })) {
    copies.push(`check ${name}`);
  }
  return { copies, rebuilds };
}

/** TEXT, BLOB and JSON have no other default (MySQL 8.4 Reference Manual, "Data Type Default Values"). */
function isExpression(column: SchemaColumn): boolean {
  if (typeof column.default !== "string") return false;
  return column.default.startsWith("(") || /text$|blob$|^json$/.test(columnType(column)?.name ?? "");
}

function copiesType(from: SchemaColumn, to: SchemaColumn): boolean {
  const [a, b] = [columnType(from), columnType(to)];
  if (a === undefined || b === undefined) return from.type !== to.type;
  if (JSON.stringify(a) === JSON.stringify(b)) return false;
  return a.name !== b.name || !growsInPlace(a, b);
}

/** A VARCHAR whose length still takes as many bytes; members that are appended and take no more room. */
function growsInPlace(a: SqlType, b: SqlType): boolean {
  switch (a.name) {
    case "varchar":
    case "varbinary": {
      const perUnit = a.name === "varchar" ? 4 : 1;
      const [before = 0, after = 0] = [a.sizes[0], b.sizes[0]].map((size) => (size ?? 0) * perUnit);
      return before <= after && before > 255 === after > 255;
    }
    case "enum":
    case "set": {
      const room = a.name === "enum" ? enumBytes : setBytes;
      const appended = a.members.every((member, i) => b.members[i] === member);
      return appended && room(a.members.length) === room(b.members.length);
    }
    default:
      return false;
  }
}

const enumBytes = (members: number) => (members <= 255 ? 1 : 2);
const setBytes = (members: number) => {
  const bytes = Math.ceil(members / 8);
  return bytes > 4 ? 8 : bytes;
};
