import { defineEntity, type EntityProperty, type EntitySchema, isRaw, MikroORM } from "@mikro-orm/mysql";

import { withoutDots } from "./dots.ts";
import { declareForeignKeys, type ForeignKey } from "./foreign-key.ts";

/** MikroORM's property builders by column name. */
export type Columns = Readonly<Record<string, ColumnBuilder>>;

/** Any of MikroORM's property builders: `p.string().length(64)`, `p.manyToOne(other.entity).mapToPk()`. */
export interface ColumnBuilder {
  readonly "~options": unknown;
}

/** The part of MikroORM's options that decides what a column is. */
interface BuilderOptions {
  readonly type?: unknown;
  readonly columnType?: string;
  readonly unsigned?: boolean;
  readonly kind?: string;
  readonly deleteRule?: string;
  readonly updateRule?: string;
  readonly items?: unknown;
}

/** What every builder can do at run time, whatever its type says. */
interface Builder extends ColumnBuilder {
  assignOptions(options: Record<string, unknown>): Builder;
}

/** An index over columns, as MikroORM's `defineEntity` takes it. */
export interface IndexOptions<Name extends string = string> {
  readonly properties?: Name | readonly Name[];
  readonly name?: string;
  readonly expression?: string;
}

/** A CHECK constraint: a condition in SQL. */
export interface CheckOptions {
  readonly name?: string;
  readonly expression: string;
}

export interface EntityOptions {
  readonly name: string;
  readonly comment: string | undefined;
  readonly columns: Columns;
  readonly key: readonly string[];
  readonly indexes: readonly IndexOptions[];
  readonly uniques: readonly IndexOptions[];
  readonly checks: readonly CheckOptions[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly opaque: readonly string[];
}

/** What MikroORM makes of a table, found without a connection. */
export interface Discovered {
  readonly entity: EntitySchema;
  readonly properties: ReadonlyMap<string, DiscoveredProperty>;
  readonly checks: readonly { readonly property?: string; readonly expression: string }[];
}

export interface DiscoveredProperty {
  readonly meta: EntityProperty;
  /** The type as the migration will write it, with `unsigned` where it applies. */
  readonly sqlType: string;
}

/** Options that a column gets beside those of its builder. */
export type Amendments = ReadonlyMap<string, Record<string, unknown>>;

/** Builds the entity and lets MikroORM's discovery say what its columns are in MySQL. Opens no connection. */
export function discover(options: EntityOptions, amendments: Amendments = new Map()): Discovered {
  const entity = defineEntity({
    name: options.name,
    tableName: withoutDots(options.name),
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    properties: Object.fromEntries(
      ordered(options).map(([name, builder]) => [
        name,
        amended(options, name, builder as Builder, amendments.get(name)),
      ]),
    ),
    indexes: options.indexes.map(undotted),
    uniques: options.uniques.map(undotted),
    checks: options.checks.map(undotted),
  } as Parameters<typeof defineEntity>[0]) as unknown as EntitySchema;
  declareForeignKeys(entity, options.foreignKeys);
  const orm = new MikroORM({ entities: [entity], dbName: options.name, extensions: [] });
  const meta = orm.getMetadata().get(entity.meta.class);
  const platform = orm.config.getPlatform();
  const properties = new Map<string, DiscoveredProperty>();
  for (const property of meta.props) {
    const type = property.columnTypes?.[0] ?? "";
    const unsigned = property.unsigned === true && platform.isNumericColumn(platform.getMappedType(type));
    properties.set(property.name, { meta: property, sqlType: unsigned ? `${type} unsigned` : type });
  }
  const checks = meta.checks.map(({ property, expression }) => ({
    ...(property === undefined ? {} : { property }),
    expression: isRaw(expression) ? expression.sql : String(expression),
  }));
  return { entity, properties, checks };
}

/** Its name as MikroORM gets it; MikroORM may write into the copy. */
function undotted<Named extends { readonly name?: string }>(named: Named): Named {
  return named.name === undefined ? { ...named } : { ...named, name: withoutDots(named.name) };
}

/** The columns of a composite key come first and in the key's order, which MikroORM takes from the properties. */
function ordered({ columns, key }: EntityOptions): [string, ColumnBuilder][] {
  const all = Object.entries(columns);
  if (key.length < 2) {
    return all;
  }
  const keyed = key.flatMap((name) => all.filter(([column]) => column === name));
  return [...keyed, ...all.filter(([column]) => !key.includes(column))];
}

function amended(
  options: EntityOptions,
  name: string,
  builder: Builder,
  amendment: Record<string, unknown> = {},
) {
  if (typeof builder !== "object" || !("~options" in builder)) {
    throw new TypeError(`column ${name} is not one of MikroORM's property builders`);
  }
  const given = builder["~options"] as BuilderOptions;
  const isKey = options.key.includes(name);
  return builder.assignOptions({
    fieldName: withoutDots(name),
    ...(isKey ? { primary: true } : {}),
    ...(given.kind === "m:1" || given.kind === "1:1" ? reference(given, isKey) : {}),
    ...quotedMembers(given.items),
    ...(options.opaque.includes(name) ? asItStands(given) : writtenOut(given)),
    ...amendment,
  });
}

/**
 * A foreign key never counts itself up, and unless the definition asks for it the server changes no row behind an
 * update's back: by MikroORM's defaults it would write NULL where the other row is deleted.
 */
function reference(given: BuilderOptions, isKey: boolean) {
  const { deleteRule = "restrict", updateRule = "restrict" } = given;
  return { deleteRule, updateRule, ...(isKey ? { autoincrement: false } : {}) };
}

/** The type of a column that updates never touch is none of MikroORM's business either. */
function asItStands({ type, columnType }: BuilderOptions) {
  const whole = columnType ?? (typeof type === "string" ? type : undefined);
  return whole === undefined ? {} : { columnType: whole };
}

/**
 * MikroORM 7.2 drops the length, digits and members in `p.type("datetime(6)")`, and takes a TIMESTAMP for a DATETIME: such a
 * type is written out too.
 */
function writtenOut({ type, columnType, unsigned }: BuilderOptions) {
  const sized = typeof type === "string" && /\(|\sunsigned$|^timestamp$/i.test(type) ? type : undefined;
  const whole = columnType ?? sized;
  return whole === undefined ? {} : written(whole, unsigned);
}

/**
 * A written-out type decides for itself, where MikroORM would make any numeric key unsigned. For the types that it knows
 * as numbers, `unsigned` goes into the option of that name, else it compares as changed in every migration.
 */
function written(columnType: string, unsigned: boolean | undefined) {
  const number = /^((?!tinyint\(1\))(?:tiny|small|medium|big)?int|integer|decimal|numeric|double)\b/i.test(
    columnType,
  );
  const bare = number ? columnType.replace(/\s+unsigned$/i, "") : columnType;
  return { columnType: bare, unsigned: unsigned ?? bare !== columnType };
}

/** MikroORM 7.2 prints the members of an enum without escaping their quotes, so such a type is written out here. */
function quotedMembers(items: unknown) {
  const members = Array.isArray(items) ? items.filter((item) => typeof item === "string") : [];
  if (!members.some((member) => /['\\]/.test(member))) {
    return {};
  }
  const literals = members.map((member) => `'${member.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`);
  return { columnType: `enum(${literals.join(",")})` };
}
