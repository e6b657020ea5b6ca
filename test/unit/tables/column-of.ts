import { LosslessNumber } from "../../../src/tables/lossless-number.ts";
import { p } from "@mikro-orm/mysql";
import type { Column, Value } from "../../../src/tables/definition.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { ColumnBuilder } from "../../../src/tables/discover.ts";

/** The column that a builder makes, called `c`, in a table of its own. */
export function columnOf(builder: ColumnBuilder): Column {
  const { columns } = defineTable({ name: "t", columns: { id: p.integer(), c: builder }, key: "id" });
  const column = columns.get("c");
  if (column === undefined) {
    throw new Error("the table has no column c");
  }
  return column;
}

/** The canonical value of a wire value, or `rule: <the broken rule>`. */
export function read(column: Column, input: unknown): Value {
  return outcome(column.wire.safeParse(input));
}

/** The same for a difference. */
export function readDelta(column: Column, input: unknown): Value {
  return column.delta === undefined ? "no delta" : outcome(column.delta.safeParse(input));
}

/** A number that keeps the digits it was written with. */
export function lossless(text: string): LosslessNumber {
  return new LosslessNumber(text);
}

function outcome(result: ReturnType<Column["wire"]["safeParse"]>): Value {
  if (result.success) {
    return result.data;
  }
  const [issue] = result.error.issues;
  return `rule: ${issue?.code === "custom" ? issue.params?.["rule"] : issue?.code}`;
}
