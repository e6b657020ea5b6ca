import type { EntitySchema } from "@mikro-orm/mysql";
import { type CompiledColumn, compileColumn } from "./column.ts";
import { constrainedColumns } from "./constrained.ts";
import type { TableOptions } from "./define-table.ts";
import { defaultOf } from "./default-value.ts";
import { type Discovered, type DiscoveredProperty, discover, type EntityOptions } from "./discover.ts";
import { kindOf } from "./kind-of.ts";
import type { Kind } from "./kinds/kind.ts";
import { changesValue } from "./rules.ts";
import { parseSqlType, printSqlType, SQL_TYPES, type SqlType } from "./sql-type.ts";

export interface CompiledTable {
  readonly entity: EntitySchema;
  readonly columns: ReadonlyMap<string, CompiledColumn>;
  readonly hasChecks: boolean;
}

/** From the builders to columns, with MikroORM's word for each type. Throws a TypeError that names table and column. */
export function compileColumns(options: TableOptions, key: readonly string[]): CompiledTable {
  const entityOptions: EntityOptions = {
    name: options.name,
    columns: options.columns,
    key,
    indexes: options.indexes ?? [],
    uniques: options.uniques ?? [],
    checks: options.checks ?? [],
  };
  const discovered = amendKeys(
    entityOptions,
    named(options, () => discover(entityOptions)),
  );
  const constrained = constrainedColumns(entityOptions, discovered);
  const columns = new Map<string, CompiledColumn>();
  for (const name of Object.keys(options.columns)) {
    const property = discovered.properties.get(name);
    if (property === undefined) {
      throw fault(options, name, "is not a plain column");
    }
    columns.set(name, compile(options, key, name, property, constrained.has(name)));
  }
  return { entity: discovered.entity, columns, hasChecks: discovered.checks.length > 0 };
}

function compile(
  options: TableOptions,
  key: readonly string[],
  name: string,
  property: DiscoveredProperty,
  constrained: boolean,
): CompiledColumn {
  const { meta } = property;
  const type = sqlTypeOf(options, name, property);
  const kind = kindOf(type);
  if (typeof kind === "string") {
    throw fault(options, name, `${printSqlType(type)} ${kind}`);
  }
  const generated = meta.generated !== undefined;
  const autoIncrement = meta.autoincrement === true;
  const nullable = meta.nullable === true || generated;
  const hasDefault = meta.defaultRaw !== undefined || meta.default !== undefined;
  const defaultValue = generated || autoIncrement ? undefined : defaultOf(kind, meta, nullable);
  if (defaultValue !== undefined && defaultValue !== null && typeof defaultValue === "object") {
    throw fault(options, name, `its default ${defaultValue.message}`);
  }
  const facts = {
    name,
    sqlType: printSqlType(type),
    nullable,
    optional: hasDefault || nullable || autoIncrement,
    defaultValue,
    readOnly: generated || (options.readOnly ?? []).includes(name),
    generated,
    autoIncrement,
    constrained,
    isKey: key.includes(name),
    comment: meta.comment,
    rule: options.rules?.[name],
  };
  checkRoles(options, facts, kind, type);
  return compileColumn(kind, facts);
}

type Facts = Parameters<typeof compileColumn>[1];

/** A column must be able to do what the definition wants of it. */
function checkRoles(options: TableOptions, facts: Facts, kind: Kind, type: SqlType): void {
  const { name, isKey, rule } = facts;
  if (isKey && facts.generated) {
    throw fault(options, name, "a generated column can't be part of the key");
  }
  if (isKey && facts.nullable) {
    throw fault(options, name, "a column of the key can't be nullable");
  }
  if (isKey && (["json", "float", "double"].includes(kind.kind) || /text|blob/.test(type.name))) {
    throw fault(
      options,
      name,
      `${type.name} can't be part of the key: its values have no exact equality in an index`,
    );
  }
  if (isKey && facts.readOnly) {
    throw fault(options, name, "a column of the key can't be read-only");
  }
  if (options.version === name && (isKey || facts.readOnly)) {
    throw fault(
      options,
      name,
      "the version column must be one that updates write: not a key, generated or read-only",
    );
  }
  if (options.version === name && kind.sum === undefined && !TIMES.has(kind.kind)) {
    throw fault(options, name, `the version column must be a number or a time, not ${type.name}`);
  }
  if (facts.readOnly && !facts.optional) {
    throw fault(
      options,
      name,
      "a read-only column needs a default or must be nullable, else no row can be inserted",
    );
  }
  if (rule !== undefined && changesValue(rule)) {
    throw fault(options, name, "its rule changes the value: a rule only judges");
  }
}

const TIMES: ReadonlySet<string> = new Set(["date", "datetime", "time", "year"]);

function sqlTypeOf(options: TableOptions, name: string, { meta, sqlType }: DiscoveredProperty): SqlType {
  if (meta.fieldNames?.length !== 1 || meta.persist === false || meta.formula !== undefined) {
    throw fault(options, name, "is not a plain column: one property must be one column of the table");
  }
  if (meta.kind !== "scalar" && meta.mapToPk !== true) {
    throw fault(options, name, "is a relation: add .mapToPk(), so that its value is the other table's key");
  }
  const parsed = parseSqlType(sqlType);
  if (parsed === undefined) {
    throw fault(options, name, `the type ${sqlType} is none of ${SQL_TYPES.join(", ")}`);
  }
  return meta.items === undefined || parsed.name !== "enum"
    ? parsed
    : { ...parsed, members: meta.items.map(String) };
}

/**
 * A second look at the key columns, whose MikroORM defaults don't fit: text must be the same to be equal (the servers'
 * default collations ignore case), and only an integer can count itself up.
 */
function amendKeys(options: EntityOptions, discovered: Discovered): Discovered {
  const amendments = new Map<string, Record<string, unknown>>();
  for (const name of options.key) {
    const property = discovered.properties.get(name);
    const type = property === undefined ? undefined : parseSqlType(property.sqlType);
    const kind = type === undefined ? undefined : kindOf(type);
    if (property === undefined || kind === undefined || typeof kind === "string") {
      continue;
    }
    if (kind.kind === "string" && property.meta.collation === undefined) {
      amendments.set(name, { collation: "utf8mb4_bin" });
    } else if (kind.kind !== "integer" && kind.kind !== "bigint") {
      amendments.set(name, { autoincrement: false });
    }
  }
  return amendments.size === 0 ? discovered : discover(options, amendments);
}

function named<T>(options: TableOptions, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeError(`table ${options.name}: ${message}`, { cause: error });
  }
}

function fault(options: TableOptions, column: string, message: string): TypeError {
  return new TypeError(`table ${options.name}, column ${column}: ${message}`);
}
