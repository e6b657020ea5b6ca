import type { EntityProperty, EntitySchema } from "@mikro-orm/mysql";
import { amendmentsOf } from "./amendments.ts";
import { type ColumnFacts, type CompiledColumn, compileColumn } from "./column.ts";
import { keyTypeFault, roleFault } from "./column-roles.ts";
import { constrainedColumns } from "./constrained.ts";
import type { TableOptions } from "./define-table.ts";
import { defaultOf } from "./default-value.ts";
import { definitionFault } from "./definition-fault.ts";
import { type Discovered, type DiscoveredProperty, discover, type EntityOptions } from "./discover.ts";
import { Fault } from "./fault.ts";
import { indexedColumns } from "./indexed.ts";
import { kindOf } from "./kind-of.ts";
import type { Kind } from "./kinds/kind.ts";
import { parseSqlType, printSqlType, SQL_TYPES, type SqlType } from "./sql-type.ts";

export interface CompiledTable {
  readonly entity: EntitySchema;
  readonly columns: ReadonlyMap<string, CompiledColumn>;
  readonly hasChecks: boolean;
  readonly indexed: ReadonlySet<string>;
}

/** From the builders to columns, with MikroORM's word for each type. Throws a TypeError that names table and column. */
export function compileColumns(options: TableOptions, key: readonly string[]): CompiledTable {
  const { name: table, columns: builders, indexes = [], uniques = [], checks = [] } = options;
  const entityOptions: EntityOptions = { name: table, columns: builders, key, indexes, uniques, checks };
  const discovered = discoverTwice(entityOptions);
  const constrained = constrainedColumns(entityOptions, discovered);
  const columns = new Map<string, CompiledColumn>();
  for (const name of Object.keys(builders)) {
    const property = discovered.properties.get(name);
    const column =
      property === undefined
        ? "is not a plain column"
        : compile(options, property, key.includes(name), constrained.has(name));
    if (typeof column === "string") {
      throw definitionFault(table, name, column);
    }
    columns.set(name, column);
  }
  return {
    entity: discovered.entity,
    columns,
    hasChecks: discovered.checks.length > 0,
    indexed: indexedColumns(entityOptions, discovered),
  };
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
  const autoIncrement = meta.autoincrement === true;
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
