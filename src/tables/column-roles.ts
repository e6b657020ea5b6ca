import type { ColumnFacts } from "./column.ts";
import type { ColumnKind } from "./definition.ts";
import { changesValue } from "./rules.ts";
import type { SqlTypeName } from "./sql-type.ts";

/** Types whose values the server compares approximately, by a prefix or not at all. */
const INEXACT = /json|float|double|text|blob/;
const ORDERED: ReadonlySet<ColumnKind> = new Set([
  "integer",
  "bigint",
  "decimal",
  "float",
  "double",
  "date",
  "datetime",
  "time",
  "year",
] satisfies ColumnKind[]);

/** Why a column of this type can't be part of the key, or undefined. */
export function keyTypeFault(type: SqlTypeName): string | undefined {
  return INEXACT.test(type)
    ? `${type} can't be part of the key: its values have no exact equality in an index`
    : undefined;
}

/** Why the column can't do what the definition wants of it, or undefined. */
export function roleFault(facts: ColumnFacts, kind: ColumnKind, isVersion: boolean): string | undefined {
  if (facts.isKey && facts.generated) {
    return "a generated column can't be part of the key";
  }
  if (facts.isKey && facts.nullable) {
    return "a column of the key can't be nullable";
  }
  if (facts.isKey && facts.readOnly) {
    return "a column of the key can't be read-only";
  }
  if (isVersion && (facts.isKey || facts.readOnly)) {
    return "the version column must be one that updates write: not a key, generated or read-only";
  }
  if (isVersion && !ORDERED.has(kind)) {
    return `the version column must be a number or a time, not ${facts.sqlType}`;
  }
  if (facts.readOnly && !facts.optional) {
    return "a read-only column needs a default or must be nullable, else no row can be inserted";
  }
  return facts.rule !== undefined && changesValue(facts.rule)
    ? "its rule changes the value: a rule only judges"
    : undefined;
}
