import type { z } from "zod";
import { columnSchema } from "./column-schema.ts";
import type { Column, Value } from "./definition.ts";
import { Fault } from "./fault.ts";
import type { Check, JsonSchema, Kind } from "./kinds/kind.ts";
import { obeys, Wire } from "./wire.ts";

/** What a definition says of one column, beyond its kind. */
export interface ColumnFacts {
  readonly name: string;
  readonly sqlType: string;
  readonly nullable: boolean;
  readonly optional: boolean;
  readonly defaultValue: Value | undefined;
  readonly readOnly: boolean;
  readonly generated: boolean;
  readonly autoIncrement: boolean;
  readonly onUpdate: boolean;
  readonly constrained: boolean;
  readonly isKey: boolean;
  readonly comment: string | undefined;
  readonly rule: z.ZodType | undefined;
}

/** A column with what only this room needs: the schemas of its values inside the groups of a change. */
export interface CompiledColumn extends Column {
  readonly isKey: boolean;
  /** `wire` for a place where the column may be left out. */
  readonly optionalWire: z.ZodType<Value>;
  readonly optionalDelta: z.ZodType<Value> | undefined;
}

const NOT_NULL = new Fault("not_null", "must not be null");
const REQUIRED = new Fault("required", "is required");
const TRAILING_SPACE = new Fault(
  "trailing_space",
  "must not end in a space: it is part of the key, and MySQL ignores trailing spaces when it compares",
);

/** The same rule as a pattern of JSON Schema. */
const NO_TRAILING_SPACE = "(^|[^ ])$";

/** Joins a kind and the facts of one column. */
export function compileColumn(kind: Kind, facts: ColumnFacts): CompiledColumn {
  const { isKey, rule, comment, ...column } = facts;
  const check = nullable(
    isKey && kind.kind === "string" ? withoutTrailingSpace(kind.check) : kind.check,
    facts.nullable,
  );
  const words = { kind: kind.kind, sqlType: facts.sqlType, nullable: facts.nullable, comment };
  const schema =
    isKey && kind.kind === "string" ? { ...kind.schema, pattern: NO_TRAILING_SPACE } : kind.schema;
  const json = columnSchema(schema, { ...words, rule });
  const delta = kind.sum === undefined ? undefined : nullable(kind.sum.check, false);
  const deltaJson = columnSchema(kind.sum?.schema ?? {}, { ...words, nullable: false, rule: undefined });
  return {
    ...column,
    kind: kind.kind,
    isKey,
    wire: wire(check, json, rule, false),
    optionalWire: wire(check, json, rule, true),
    expected: wire(check, columnSchema(kind.schema, { ...words, rule: undefined }), undefined, true),
    delta: delta && wire(delta, deltaJson, undefined, false),
    optionalDelta: delta && wire(delta, deltaJson, undefined, true),
    fromDatabase: (raw) => (raw === null || raw === undefined ? null : kind.fromDatabase(raw)),
    plus: (value, difference) => {
      const sum = kind.sum?.plus(value, difference);
      return sum === undefined || !obeys(rule, sum) ? undefined : sum;
    },
    compare: (a, b) => kind.compare(a, b),
  };
}

function wire(
  check: Check,
  json: JsonSchema,
  rule: z.ZodType | undefined,
  optional: boolean,
): z.ZodType<Value> {
  const present = optional
    ? (input: unknown) => (input === undefined ? undefined : check(input))
    : (input: unknown) => (input === undefined ? REQUIRED : check(input));
  return new Wire({ type: "custom", check: present, rule, json, optional });
}

function nullable(check: Check, allowed: boolean): Check {
  return (input) => (input === null ? (allowed ? null : NOT_NULL) : check(input));
}

/** utf8mb4_bin pads with spaces on MySQL and MariaDB: keys that differ only in trailing spaces would be one row. */
function withoutTrailingSpace(check: Check): Check {
  return (input) => (typeof input === "string" && input.endsWith(" ") ? TRAILING_SPACE : check(input));
}
