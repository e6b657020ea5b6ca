import { quote } from "../messages/quote.ts";
import type { Change } from "../messages/update.ts";
import type { Values } from "../tables/definition.ts";
import type { Plan } from "../apply/replay-plan.ts";
import { printable } from "./printable.ts";

/** Changes that are named one by one. */
const MOST_CHANGES = 5;

/** What a replay would touch, one line a change, or why it would touch nothing. */
export function planLines(plan: Plan): string[] {
  if (plan.left !== undefined) return [`not replayed: ${plan.left}`];
  const { letter, replay } = plan;
  const renamed = replay.key === letter.idempotencyKey ? [] : [`under the key ${printable(replay.key)}`];
  const { update, rejection } = replay.decoded;
  if (update === undefined) {
    return [...renamed, `would be refused again: ${rejection.code}: ${printable(rejection.message)}`];
  }
  const more = update.changes.length - MOST_CHANGES;
  return [
    ...renamed,
    ...update.changes.slice(0, MOST_CHANGES).map(changeText),
    ...(more > 0 ? [`and ${more} more ${more === 1 ? "change" : "changes"}`] : []),
  ];
}

/** A change in one line: operation, table, key, and the columns that it names. */
export function changeText({ op, table, key, set, add, expect }: Change): string {
  const groups = Object.entries({ set, add, expect }).flatMap(([word, group]) => {
    const names = Object.keys(group);
    return names.length === 0 ? [] : [`${word} ${names.join(",")}`];
  });
  return [`${op} ${table.name}`, ...pairs(key), ...groups].map(printable).join(" ");
}

function pairs(key: Values): string[] {
  return Object.entries(key).map(
    ([name, value]) => `${name}=${typeof value === "string" ? quote(value) : value}`,
  );
}
