import type { EntityProperty, EntitySchema } from "@mikro-orm/mysql";
import { amendmentsOf } from "./amendments.ts";
import { type ColumnFacts, type CompiledColumn, compileColumn } from "./column.ts";
import { keyTypeFault, roleFault } from "./column-roles.ts";
import { constrainedColumns } from "./constrained.ts";
import type { TableOptions } from "./define-table.ts";
import { defaultOf } from "./default-value.ts";
import type { OpaqueColumn } from "./definition.ts";
import { definitionFault } from "./definition-fault.ts";
import { type Discovered, type DiscoveredProperty, discover, type EntityOptions } from "./discover.ts";
import { withDots } from "./dots.ts";
import { Fault } from "./fault.ts";
import { completeForeignKeys, isCascading } from "./foreign-key.ts";
import { indexedColumns } from "./indexed.ts";
import { kindOf } from "./kind-of.ts";
import type { Kind } from "./kinds/kind.ts";
import { parseSqlType, printSqlType, SQL_TYPES, type SqlType } from "./sql-type.ts";

export interface CompiledTable {
  readonly entity: EntitySchema;
  readonly columns: ReadonlyMap<string, CompiledColumn>;
  readonly opaque: ReadonlyMap<string, OpaqueColumn>;
  readonly hasChecks: boolean;
  readonly cascadesFrom: ReadonlySet<string>;
  readonly indexed: ReadonlySet<string>;
}

/** From the builders to columns, with MikroORM's word for each type. Throws a TypeError that names table and column. */
export function compileColumns(options: TableOptions, key: readonly string[]): CompiledTable {
  const entityOptions = entityOptionsOf(options, key);
  const discovered = discoverTwice(entityOptions);
  const constrained = constrainedColumns(entityOptions, discovered);
  const columns = new Map<string, CompiledColumn>();
  const opaque = new Map<string, OpaqueColumn>();
  for (const name of Object.keys(options.columns)) {
    const property = discovered.properties.get(name);
    if (property !== undefined && entityOptions.opaque.includes(name)) {
      opaque.set(name, opaqueColumn(options, key, property));
      continue;
    }
    const column =
      property === undefined
        ? "is not a plain column"
        : compile(options, property, key.includes(name), constrained.has(name));
    if (typeof column === "string") {
      throw definitionFault(options.name, name, column);
    }
    columns.set(name, column);
  }
  return {
    entity: discovered.entity,
    columns,
    opaque,
    hasChecks: discovered.checks.length > 0,
    cascadesFrom: cascadesFrom(entityOptions, discovered),
    indexed: indexedColumns(entityOptions, discovered),
  };
}

function entityOptionsOf(options: TableOptions, key: readonly string[]): EntityOptions {
  const { name, comment, columns, indexes = [], uniques = [], checks = [], opaque = [] } = options;
  const foreignKeys = completeForeignKeys(name, options.foreignKeys ?? []);
  return { name, comment, columns, key, indexes, uniques, checks, foreignKeys, opaque };
}

function opaqueColumn(
  options: TableOptions,
  key: readonly string[],
  { meta, sqlType }: DiscoveredProperty,
): OpaqueColumn {
  if (key.includes(meta.name) || options.version === meta.name) {
    const role = options.version === meta.name ? "the version column" : "a column of the key";
    throw definitionFault(options.name, meta.name, `${role} can't be opaque`);
  }
  const filled = meta.defaultRaw !== undefined || meta.generated !== undefined;
  const nullable = meta.nullable === true;
  return { name: meta.name, sqlType, nullable, required: !nullable && !filled };
}

function cascadesFrom({ foreignKeys }: EntityOptions, { properties }: Discovered): Set<string> {
  const named = foreignKeys.filter(isCascading).map(({ references }) => references.table);
  const related = [...properties.values()].flatMap(({ meta }) =>
    /cascade|set null/i.test(meta.deleteRule ?? "") ? [withDots(meta.referencedTableName)] : [],
  );
  return new Set([...named, ...related]);
}

/** MikroORM's word, and where it falls short its word on the amended columns. */
function discoverTwice(options: EntityOptions): Discovered {
  try {
    const first = discover(options);
    const amendments = amendmentsOf(options, first);
    return amendments.size === 0 ? first : discover(options, amendments);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeError(`table ${options.name}: ${message}`, { cause: error });
  }
}

/** The column, or why there is none. */
function compile(
  options: TableOptions,
  property: DiscoveredProperty,
  isKey: boolean,
  constrained: boolean,
): CompiledColumn | string {
  const type = sqlTypeOf(property);
  if (typeof type === "string") {
    return type;
  }
  const keyFault = isKey ? keyTypeFault(type.name) : undefined;
  if (keyFault !== undefined) {
    return keyFault;
  }
  const kind = kindOf(type);
  if (typeof kind === "string") {
    return `${printSqlType(type)} ${kind}`;
  }
  const facts = factsOf(options, property.meta, kind, { sqlType: printSqlType(type), isKey, constrained });
  if (typeof facts === "string") {
    return facts;
  }
  return roleFault(facts, kind.kind, options.version === facts.name) ?? compileColumn(kind, facts);
}

function factsOf(
  options: TableOptions,
  meta: EntityProperty,
  kind: Kind,
  known: Pick<ColumnFacts, "sqlType" | "isKey" | "constrained">,
): ColumnFacts | string {
  const generated = meta.generated !== undefined;
  const autoIncrement = meta.autoincrement === true || /\bauto_increment\b/i.test(meta.extra ?? "");
  const nullable = meta.nullable === true || generated; // the server may compute NULL
  const hasDefault = meta.defaultRaw !== undefined || meta.default !== undefined;
  const defaultValue = generated || autoIncrement ? undefined : defaultOf(kind, meta, nullable);
  if (defaultValue instanceof Fault) {
    return `its default ${defaultValue.message}`;
  }
  return {
    ...known,
    name: meta.name,
    nullable,
    optional: hasDefault || nullable || autoIncrement,
    defaultValue,
    readOnly: generated || (options.readOnly ?? []).includes(meta.name),
    generated,
    autoIncrement,
    onUpdate: /\bon update\b/i.test(meta.extra ?? ""),
    comment: meta.comment,
    rule: options.rules?.[meta.name],
  };
}

function sqlTypeOf({ meta, sqlType }: DiscoveredProperty): SqlType | string {
  if (meta.fieldNames?.length !== 1 || meta.persist === false || meta.formula !== undefined) {
    return "is not a plain column: one property must be one column of the table";
  }
  if (meta.kind !== "scalar" && meta.mapToPk !== true) {
    return "is a relation: add .mapToPk(), so that its value is the other table's key";
  }
  const parsed = parseSqlType(sqlType);
  if (parsed === undefined) {
    return `the type ${sqlType} is none of ${SQL_TYPES.join(", ")}`;
  }
  return meta.items === undefined || parsed.name !== "enum"
    ? parsed
    : { ...parsed, members: meta.items.map(String) };
}
