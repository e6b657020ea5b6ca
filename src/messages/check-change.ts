import type { Operation, ParsedChange, Registry, TableDefinition, Values } from "../tables/definition.ts";
import { OPERATIONS } from "../tables/definition.ts";
import type { ChangeFaults } from "./change-faults.ts";
import { changeFaults } from "./change-faults.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import { isJsonObject, member } from "./json-value.ts";
import { nearest } from "./nearest.ts";
import { clip, listOf, quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import { rowId } from "./row-id.ts";
import type { Change } from "./update.ts";

/** The change, or its first fault and how many it has. */
export type CheckedChange = { readonly change: Change; readonly rejection?: undefined } | ChangeFaults;

const NONE: Values = Object.freeze({});

/** Checks one change, which stands at `pointer`: its table is known, allows the operation, and accepts the rest. */
export function checkChange(value: JsonValue, pointer: string, registry: Registry): CheckedChange {
  if (!isJsonObject(value)) {
    return refused({ code: "invalid", rule: "type", pointer, message: "A change is a JSON object." });
  }
  const table = tableOf(value, pointer, registry);
  if ("code" in table) {
    return refused(table);
  }
  const op = operationOf(value, pointer, table);
  if (typeof op === "object") {
    return refused(op);
  }
  return parsed(value, pointer, table, op);
}

function parsed(value: JsonObject, pointer: string, table: TableDefinition, op: Operation): CheckedChange {
  try {
    const result = table.changes.get(op)?.safeParse(value);
    if (result?.success === true) {
      return { change: changeOf(result.data, pointer, table) };
    }
    return changeFaults(result?.error.issues ?? [], { value, pointer, table, op });
  } catch (error) {
    // Only a rule of the definition can throw: it is of no use to end the process for it, or to try again.
    const text = clip(error instanceof Error ? error.message : String(error), 200);
    const message = `${table.name}: a rule of the table's definition failed on this change: ${text}.`;
    return refused({ code: "invalid", rule: "definition", pointer, table: table.name, message });
  }
}

function changeOf(change: ParsedChange, pointer: string, table: TableDefinition): Change {
  const { op, key, set = NONE, add = NONE, expect = NONE } = change;
  const row = key === undefined ? undefined : rowId(table, key);
  return { table, op, row, key: key ?? NONE, set, add, expect, pointer };
}

function tableOf(value: JsonObject, pointer: string, registry: Registry): TableDefinition | Rejection {
  const name = member(value, "table");
  if (typeof name !== "string") {
    return notText(name, "table", pointer, "it names the table to change");
  }
  const table = registry.get(name);
  if (table !== undefined) {
    return table;
  }
  const near = nearest(name, registry.keys());
  const advice =
    near === undefined ? `the tables are ${listOf([...registry.keys()], "tables")}` : `did you mean ${near}?`;
  const message = `There is no table ${quote(name)}; ${advice}${advice.endsWith("?") ? "" : "."}`;
  return { code: "unknown_table", pointer: `${pointer}/table`, table: clip(name, 64), message };
}

function operationOf(value: JsonObject, pointer: string, table: TableDefinition): Operation | Rejection {
  const written = member(value, "op");
  if (typeof written !== "string") {
    return notText(
      written,
      "op",
      pointer,
      `it is ${listOf(OPERATIONS, "operations").replace(" and ", " or ")}`,
    );
  }
  const op = OPERATIONS.find((known) => known === written);
  const where = { pointer: `${pointer}/op`, table: table.name };
  if (op === undefined) {
    const message = `There is no operation ${quote(written)}; op is insert, update, upsert or delete.`;
    return { code: "invalid", rule: "one_of", ...where, message };
  }
  if (!table.changes.has(op)) {
    const message = `${table.name}: ${op} is not allowed; allowed: ${listOf([...table.changes.keys()], "operations")}.`;
    return { code: "operation_denied", ...where, message };
  }
  return op;
}

function notText(found: JsonValue | undefined, name: string, pointer: string, what: string): Rejection {
  const [rule, fault] = found === undefined ? ["required", "is missing"] : ["type", "must be a text"];
  return {
    code: "invalid",
    rule,
    pointer: `${pointer}/${name}`,
    message: `The member ${name} ${fault}; ${what}.`,
  };
}

function refused(rejection: Rejection): CheckedChange {
  return { rejection, faults: 1, each: [rejection] };
}
