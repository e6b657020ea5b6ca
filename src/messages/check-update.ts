import type { Registry } from "../tables/definition.ts";
import type { CheckedChange } from "./check-change.ts";
import { CHANGE_MEMBERS, MOST_TOLD } from "./change-faults.ts";
import { checkChange } from "./check-change.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import { isJsonObject } from "./json-value.ts";
import { pointerTo } from "./pointer.ts";
import { quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import type { Change, Update } from "./update.ts";

/** The update, or why it can never be applied: its first fault, and the first of all of them one by one. */
export type CheckedUpdate =
  | { readonly update: Update; readonly rejection?: undefined }
  | { readonly update?: undefined; readonly rejection: Rejection; readonly each: readonly Rejection[] };

/**
 * Checks an update against the table definitions: one change alone, or 1 to `mostChanges` of them in `changes`. The
 * rejection is that of the first fault, in the order of the changes; its sentence counts the others. `pointer` is where
 * the update stands in its message.
 */
export function checkUpdate(
  value: JsonValue,
  pointer: string,
  registry: Registry,
  mostChanges: number,
): CheckedUpdate {
  if (!isJsonObject(value)) {
    return invalid(
      "type",
      pointer,
      "An update is a JSON object: one change, or a list of them in the member changes.",
    );
  }
  if (!Object.hasOwn(value, "changes")) {
    return joined([checkChange(value, pointer, registry)]);
  }
  const listed = listedChanges(value, pointer, mostChanges);
  return Array.isArray(listed)
    ? joined(listed.map((change, at) => checkChange(change, `${pointer}/changes/${at}`, registry)))
    : { rejection: listed, each: [listed] };
}

function listedChanges(value: JsonObject, pointer: string, mostChanges: number): JsonValue[] | Rejection {
  const { changes } = value;
  const at = `${pointer}/changes`;
  const stranger = Object.keys(value).find((name) => name !== "changes");
  if (stranger !== undefined) {
    const advice = CHANGE_MEMBERS.has(stranger) ? "it belongs into the changes of the list" : "remove it";
    const message = `The member ${quote(stranger)} can't stand next to changes; ${advice}.`;
    return invalid("unknown_member", pointerTo([stranger], pointer), message).rejection;
  }
  if (!Array.isArray(changes)) {
    return invalid("type", at, "The member changes must be a list of changes.").rejection;
  }
  if (changes.length === 0) {
    return invalid("min_changes", at, "The list changes is empty; an update has at least one change.")
      .rejection;
  }
  if (changes.length > mostChanges) {
    const message = `The update has ${changes.length} changes; at most ${mostChanges} are allowed.`;
    return { code: "too_large", rule: "max_changes", pointer: at, message };
  }
  return changes;
}

function joined(checked: readonly CheckedChange[]): CheckedUpdate {
  const changes: Change[] = [];
  let first: Rejection | undefined;
  let faults = 0;
  const each: Rejection[] = [];
  for (const one of checked) {
    if (one.rejection === undefined) {
      changes.push(one.change);
    } else {
      first ??= one.rejection;
      faults += one.faults;
      if (each.length < MOST_TOLD) each.push(...one.each.slice(0, MOST_TOLD - each.length));
    }
  }
  return first === undefined ? { update: { changes } } : { rejection: counted(first, faults - 1), each };
}

function counted(first: Rejection, others: number): Rejection {
  if (others === 0) {
    return first;
  }
  const more = others === 1 ? "1 more fault" : `${others} more faults`;
  return { ...first, message: `${first.message.replace(/\.$/, "")} (and ${more}).` };
}

function invalid(
  rule: string,
  pointer: string,
  message: string,
): { readonly rejection: Rejection; readonly each: readonly Rejection[] } {
  const rejection: Rejection = { code: "invalid", rule, pointer, message };
  return { rejection, each: [rejection] };
}
