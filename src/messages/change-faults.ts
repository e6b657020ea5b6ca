import type { z } from "zod";
import type { Operation, TableDefinition } from "../tables/definition.ts";
import type { JsonObject } from "./json-value.ts";
import { nearest } from "./nearest.ts";
import { pointerTo } from "./pointer.ts";
import { clip, listOf, quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import { ruleOf } from "./rule-of.ts";

/** The members that a change may have, depending on its table and operation. */
export const CHANGE_MEMBERS: ReadonlySet<string> = new Set(["table", "op", "key", "set", "add", "expect"]);

/** The first fault of a change, how many it has, and the first of them one by one. */
export interface ChangeFaults {
  readonly rejection: Rejection;
  readonly faults: number;
  /** {@link MOST_TOLD} at the most, in the order of the schema. */
  readonly each: readonly Rejection[];
}

/** Faults that are told one by one. */
export const MOST_TOLD = 20;

/** The change that its table's schema refused. */
export interface RefusedChange {
  readonly value: JsonObject;
  readonly pointer: string;
  readonly table: TableDefinition;
  readonly op: Operation;
}

const GROUPS: ReadonlySet<PropertyKey> = new Set(["key", "set", "add", "expect"]);

/**
 * The first of the schema's issues as a rejection, and how many faults they are: each unknown name is one. Unknown names
 * come first, since one that is misspelt is also one that is missing.
 */
export function changeFaults(issues: readonly z.core.$ZodIssue[], change: RefusedChange): ChangeFaults {
  const faults = issues.reduce(
    (sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1),
    0,
  );
  const first = issues.find((issue) => issue.code === "unrecognized_keys") ?? issues[0];
  if (first === undefined) {
    const { pointer, table } = change;
    const message = `${table.name}: the change is not accepted.`;
    const rejection: Rejection = { code: "invalid", rule: "custom", pointer, table: table.name, message };
    return { rejection, faults: 1, each: [rejection] };
  }
  const told = issues.slice(0, MOST_TOLD).flatMap((issue) => rejectionsOf(issue, change));
  return { rejection: rejectionOf(first, change), faults, each: told.slice(0, MOST_TOLD) };
}

/** Each unknown name of an issue by itself. */
function rejectionsOf(issue: z.core.$ZodIssue, change: RefusedChange): Rejection[] {
  if (issue.code !== "unrecognized_keys") return [rejectionOf(issue, change)];
  return issue.keys.slice(0, MOST_TOLD).map((name) => rejectionOf({ ...issue, keys: [name] }, change));
}

function rejectionOf(issue: z.core.$ZodIssue, change: RefusedChange): Rejection {
  if (issue.code === "unrecognized_keys") {
    const [name = ""] = issue.keys;
    return issue.path.length === 1 && GROUPS.has(issue.path[0] ?? "")
      ? unknownColumn(name, issue.path, change)
      : unknownMember(name, issue.path, change);
  }
  const { table, value, pointer } = change;
  const missing = valueAt(value, issue.path) === undefined;
  const column = columnOf(issue.path);
  return {
    code: "invalid",
    rule: ruleOf(issue, missing),
    pointer: pointerTo(issue.path, pointer),
    table: table.name,
    ...(column === undefined ? {} : { column }),
    message: `${table.name}: ${subject(issue.path)}${predicate(issue, missing)}.`,
  };
}

function unknownColumn(
  name: string,
  path: readonly PropertyKey[],
  { table, pointer }: RefusedChange,
): Rejection {
  const known = path[0] === "key" ? table.key.map((column) => column.name) : [...table.columns.keys()];
  const near = nearest(name, known);
  const advice =
    near === undefined ? ` its columns are ${listOf(known, "columns")}.` : ` did you mean ${near}?`;
  return {
    code: "unknown_column",
    pointer: pointerTo([...path, name], pointer),
    table: table.name,
    column: clip(name, 64),
    message: `${table.name}: ${String(path[0])} has the unknown column ${quote(name)};${advice}`,
  };
}

function unknownMember(name: string, path: readonly PropertyKey[], change: RefusedChange): Rejection {
  const { table, pointer, op } = change;
  const where = path.length === 0 ? `a change by ${op}` : subject(path).trimEnd();
  const near = path.length === 0 && !CHANGE_MEMBERS.has(name) ? nearest(name, CHANGE_MEMBERS) : undefined;
  const advice = near === undefined ? "remove it." : `did you mean ${near}?`;
  return {
    code: "invalid",
    rule: "unknown_member",
    pointer: pointerTo([...path, name], pointer),
    table: table.name,
    message: `${table.name}: ${where} has no member ${quote(name)}; ${advice}`,
  };
}

/** The value that the path leads to in what the publisher wrote. */
function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    at =
      typeof at === "object" && at !== null && Object.hasOwn(at, step)
        ? (at as JsonObject)[String(step)]
        : undefined;
  }
  return at;
}

/** The column that the path names or leads into; the schema judges declared columns only. */
function columnOf([group, column]: readonly PropertyKey[]): string | undefined {
  return GROUPS.has(group ?? "") && typeof column === "string" ? column : undefined;
}

function subject(path: readonly PropertyKey[]): string {
  const [group, column, ...inside] = path;
  if (group === undefined) {
    return "the change ";
  }
  const words =
    column === undefined ? String(group) : `column ${clip(String(column), 64)} in ${String(group)}`;
  return inside.length === 0 ? `${words} ` : `${words}, at ${quote(pointerTo(inside))}, `;
}

/** A definition's own rules say how the sentence ends ("must be …"); zod's own words stand after a colon. */
function predicate(issue: z.core.$ZodIssue, missing: boolean): string {
  if (missing && issue.code === "invalid_type") {
    return "is missing";
  }
  if (issue.code === "invalid_type" && issue.expected === "object") {
    return "must be a JSON object";
  }
  const words = clip(issue.message.replace(/\.$/, ""), 200);
  return /^\p{Ll}/u.test(words) ? words : `is refused: ${words}`;
}
