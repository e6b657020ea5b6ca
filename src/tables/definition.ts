import type { EntitySchema } from "@mikro-orm/core";
import type { z } from "zod";

/** What an update may do to one row. */
export const OPERATIONS = ["insert", "update", "upsert", "delete"] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * A column's value in its one canonical form, so that `===` means "the same value":
 * integers up to 32 bits and years are numbers, BIGINT is a bigint, DECIMAL a string with exactly `scale` fraction
 * digits, FLOAT and DOUBLE a finite number (FLOAT rounded to single precision), BOOLEAN a boolean, characters a string,
 * binary a padded base64 string, a SET its members in the declared
 * order with commas between them, times a string exactly as MySQL prints it in UTC, JSON its canonical text (RFC 8785,
 * numbers that a double cannot hold kept digit for digit), SQL NULL is null.
 */
export type Value = string | number | bigint | boolean | null;

/** Values by column name. Only ever holds names of declared columns, as own properties. */
export type Values = Readonly<Record<string, Value>>;

export const COLUMN_KINDS = [
  "integer", // TINYINT to INT, signed and unsigned
  "bigint", // and BIT
  "decimal",
  "float", // single precision
  "double",
  "boolean", // TINYINT(1)
  "string", // CHAR, VARCHAR, the TEXT family
  "binary", // BINARY, VARBINARY, the BLOB family
  "date",
  "datetime", // DATETIME and TIMESTAMP
  "time",
  "year",
  "enum",
  "set",
  "json",
] as const;
export type ColumnKind = (typeof COLUMN_KINDS)[number];

/** One column of a table definition. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  /** The full MySQL type, for people and for the printed contract: `bigint unsigned`, `decimal(65,30)`. */
  readonly sqlType: string;
  readonly nullable: boolean;
  /** The row may be inserted without this column: it has a default, is nullable, generated or auto-increment. */
  readonly optional: boolean;
  /** The canonical default of an absent column, or undefined when only the server can tell (an expression). */
  readonly defaultValue: Value | undefined;
  /** Never written by a change: generated, or declared read-only. */
  readonly readOnly: boolean;
  readonly generated: boolean;
  readonly autoIncrement: boolean;
  /** ON UPDATE CURRENT_TIMESTAMP: the server writes the time into it when a change of the row does not. */
  readonly onUpdate: boolean;
  /** Part of a unique index, a foreign key or a check: the server judges each value of it, also a passing one. */
  readonly constrained: boolean;
  /** From a decoded JSON value (numbers possibly a {@link LosslessNumber}) to the canonical value, or zod issues. */
  readonly wire: z.ZodType<Value>;
  /** The same without the column's rule, for values that a row may already hold; undefined stays undefined. */
  readonly expected: z.ZodType<Value>;
  /** The same for `add`: the exact signed difference; bigint for integers, string for decimals, number for floats. */
  readonly delta: z.ZodType<Value> | undefined;
  /**
   * From what mysql2 returns (`dateStrings`, `jsonStrings`, `supportBigNumbers`) to the canonical value. FLOAT has to be
   * selected as `cast(cast(c as double) as char)` and DOUBLE as `cast(c as char)`: the servers print FLOAT with six
   * digits, and mysql2 3.24 reads short DOUBLEs one unit in the last place off.
   */
  fromDatabase(raw: unknown): Value;
  /** `value + delta`, exact; undefined when the sum does not fit the column. NULL counts as 0. Numeric kinds only. */
  plus(value: Value, delta: Value): Value | undefined;
  /** Negative, 0 or positive; for version columns (numbers and times). */
  compare(a: Value, b: Value): number;
}

/** A column of a table definition that updates neither write nor read. */
export interface OpaqueColumn {
  readonly name: string;
  readonly sqlType: string;
  readonly nullable: boolean;
  /** No row can be inserted without it, so none can be by an update. */
  readonly required: boolean;
}

/** A change as its table's zod schema returns it: canonical values, absent groups left out. */
export interface ParsedChange {
  readonly table: string;
  readonly op: Operation;
  readonly key?: Values | undefined;
  readonly set?: Values | undefined;
  readonly add?: Values | undefined;
  readonly expect?: Values | undefined;
}

/** The one file that makes a table updatable, compiled. */
export interface TableDefinition {
  readonly name: string;
  readonly entity: EntitySchema;
  readonly columns: ReadonlyMap<string, Column>;
  /** The columns that are in no update and in no row that is read; disjoint from `columns`. */
  readonly opaque: ReadonlyMap<string, OpaqueColumn>;
  /** The declared key, which is the primary key, in its declared order. */
  readonly key: readonly Column[];
  readonly operations: ReadonlySet<Operation>;
  readonly version: Column | undefined;
  /** The columns with ON UPDATE CURRENT_TIMESTAMP. */
  readonly onUpdate: readonly Column[];
  /** The table has CHECK constraints, so a written row must be complete. */
  readonly hasChecks: boolean;
  /**
   * The tables by whose deleted rows the server itself changes or deletes rows of this one (ON DELETE CASCADE, SET NULL). In a
   * registry also those from which that comes through other tables.
   */
  readonly cascadesFrom: ReadonlySet<string>;
  /** Changed rows are written by an UPDATE each, as no INSERT can name what the row must have: see `opaque`. */
  readonly updatesOneByOne: boolean;
  /** Names of the columns by whose value rows are found through an index, as the first or only column of it. */
  readonly indexed: ReadonlySet<string>;
  /** The zod schema of each allowed operation's change. */
  readonly changes: ReadonlyMap<Operation, z.ZodType<ParsedChange>>;
  /** JSON Schema 2020-12 of one change of this table, any allowed operation. */
  readonly jsonSchema: () => Record<string, unknown>;
}

/** All table definitions by name. */
export type Registry = ReadonlyMap<string, TableDefinition>;
