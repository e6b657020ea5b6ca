import type { z } from "zod";
import { changeSchema, isWritable } from "./change-schema.ts";
import type { CompiledColumn } from "./column.ts";
import { compileColumns } from "./compile-columns.ts";
import {
  OPERATIONS,
  type OpaqueColumn,
  type Operation,
  type ParsedChange,
  type TableDefinition,
} from "./definition.ts";
import { definitionFault } from "./definition-fault.ts";
import type { CheckOptions, Columns, IndexOptions } from "./discover.ts";
import type { ForeignKeyOptions } from "./foreign-key.ts";
import { checkNames } from "./names.ts";
import type { Group } from "./group.ts";
import { changeJsonSchema } from "./json-schema.ts";

/** What a table's file says. Only `name`, `columns` and `key` are required. */
export interface TableOptions<C extends Columns = Columns, Name extends string = Extract<keyof C, string>> {
  readonly name: string;
  /** MikroORM's property builders (`p` of `@mikro-orm/mysql`); a column is called as its property is. */
  readonly columns: C;
  /** The table's comment in the database. */
  readonly comment?: string;
  /** The column or columns that name a row, in the order of the primary key. */
  readonly key: NoInfer<Name> | readonly NoInfer<Name>[];
  /** What updates may do; everything, unless said. */
  readonly operations?: readonly Operation[];
  /** A number or a time: a change that carries it applies only if it is newer than the row's. */
  readonly version?: NoInfer<Name>;
  /** zod schemas that judge a column's canonical value after its type; they must not change it. */
  readonly rules?: { readonly [N in NoInfer<Name>]?: z.ZodType };
  /** Columns that no update may write. */
  readonly readOnly?: readonly NoInfer<Name>[];
  readonly indexes?: readonly IndexOptions<NoInfer<Name>>[];
  readonly uniques?: readonly IndexOptions<NoInfer<Name>>[];
  readonly checks?: readonly CheckOptions[];
  /** Foreign keys by names; beside them a column may be a `p.manyToOne(other.entity).mapToPk()`. */
  readonly foreignKeys?: readonly ForeignKeyOptions<NoInfer<Name>>[];
  /**
   * Columns that stand in the table and in its migrations, and that no update writes or reads: those of a type that has no
   * place in an update (GEOMETRY, VECTOR, …).
   */
  readonly opaque?: readonly NoInfer<Name>[];
}

/**
 * Compiles the one file of a table into everything that the program needs of it: the entity for migrations, the
 * columns, the zod schemas of its changes and their JSON Schema. Throws a TypeError that names table and column when
 * the definition can't be meant; nothing of it is found out later, at run time.
 */
export function defineTable<const C extends Columns>(options: TableOptions<C>): TableDefinition {
  const loose = options as unknown as TableOptions;
  const key = typeof loose.key === "string" ? [loose.key] : loose.key;
  checkNames(loose, key);
  const { columns, opaque, ...compiled } = compileColumns(loose, key);
  const version = loose.version === undefined ? undefined : columns.get(loose.version);
  const keyColumns = key.flatMap((name) => columns.get(name) ?? []);
  const table = { name: loose.name, columns, key: keyColumns, version };
  const operations = allowed(loose, columns, opaque);
  const changes = new Map(operations.map((op) => [op, changeSchema(table, op)]));
  return {
    ...table,
    ...compiled,
    opaque,
    onUpdate: [...columns.values()].filter((column) => column.onUpdate),
    updatesOneByOne: [...opaque.values()].some(({ required }) => required || compiled.hasChecks),
    operations: new Set(operations),
    changes: changes satisfies Map<Operation, z.ZodType<ParsedChange>>,
    jsonSchema: () => changeJsonSchema(loose.name, [...changes.values()] satisfies Group[]),
  };
}

/** The operations that a table takes, in the order of {@link OPERATIONS}. */
function allowed(
  options: TableOptions,
  columns: ReadonlyMap<string, CompiledColumn>,
  opaque: ReadonlyMap<string, OpaqueColumn>,
): Operation[] {
  const canUpdate = [...columns.values()].some(isWritable);
  const asked = options.operations ?? OPERATIONS.filter((op) => op !== "update" || canUpdate);
  if (asked.length === 0) {
    throw definitionFault(options.name, undefined, "the list of operations is empty");
  }
  const unknown = asked.find((op) => !OPERATIONS.includes(op));
  if (unknown !== undefined) {
    throw definitionFault(options.name, undefined, `${JSON.stringify(unknown)} is not an operation`);
  }
  if (asked.includes("update") && !canUpdate) {
    throw new TypeError(
      `table ${options.name}: no column can be updated, so leave update out of its operations`,
    );
  }
  const required = [...opaque.values()].find((column) => column.required);
  if (required !== undefined && (asked.includes("insert") || asked.includes("upsert"))) {
    const message = `is NOT NULL without a default and no update can write it: leave insert and upsert out of the operations`;
    throw definitionFault(options.name, required.name, message);
  }
  return OPERATIONS.filter((op) => asked.includes(op));
}
