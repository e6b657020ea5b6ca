import { type Command, InvalidArgumentError, Option } from "commander";
import { REJECTION_CODES } from "../messages/rejection.ts";
import type { DeadLetterFilter } from "../store/dead-letter-filter.ts";

/** The options of {@link withFilter} as commander gives them. */
export interface FilterFlags {
  readonly id?: readonly string[];
  readonly key?: readonly string[];
  readonly code?: readonly string[];
  readonly table?: readonly string[];
  readonly since?: Date;
  readonly until?: Date;
  readonly open?: true;
  readonly replayed?: true;
}

/** Adds the options that choose dead letters; those that may be repeated mean any of their values. */
export function withFilter(command: Command): Command {
  return command
    .addOption(new Option("--id <id>", "this dead letter; may be repeated").argParser(collectIds))
    .addOption(new Option("--key <key>", "of this idempotency key; may be repeated").argParser(collect))
    .addOption(
      new Option("--code <code>", "rejected with this code; may be repeated").argParser(collectCodes),
    )
    .addOption(new Option("--table <table>", "rejected by this table; may be repeated").argParser(collect))
    .addOption(
      new Option(
        "--since <time>",
        "last rejected then or later; RFC 3339, or 90s, 45m, 2h, 3d ago",
      ).argParser(time),
    )
    .addOption(new Option("--until <time>", "last rejected before then").argParser(time))
    .addOption(
      new Option("--open", "not replayed, or rejected again by the last replay").conflicts("replayed"),
    )
    .addOption(new Option("--replayed", "replayed and not rejected since"));
}

/** The filter that the options ask for; no options: all dead letters. */
export function filterOf({
  id,
  key,
  code,
  table,
  since,
  until,
  open,
  replayed,
}: FilterFlags): DeadLetterFilter {
  const state = open ? "open" : replayed ? "replayed" : undefined;
  return { ids: id, keys: key, codes: code, tables: table, since, until, state };
}

/** Whether the filter has any criterion. */
export function narrows(filter: DeadLetterFilter): boolean {
  return Object.values(filter).some((criterion) => criterion !== undefined);
}

/** An id of a dead letter: up to 20 digits. */
export function parseId(text: string): string {
  if (!/^\d{1,20}$/.test(text)) throw new InvalidArgumentError("a dead letter's id is a number.");
  return text;
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < 1) throw new InvalidArgumentError("a whole number from 1 to 999999999.");
  return count;
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

function collectIds(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, parseId(text)];
}

function collectCodes(text: string, before: readonly string[] = []): readonly string[] {
  if (!REJECTION_CODES.some((code) => code === text)) {
    throw new InvalidArgumentError(`the codes are ${REJECTION_CODES.join(", ")}.`);
  }
  return [...before, text];
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const RFC_3339 = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?<zone>[Zz]|[+-]\d\d:\d\d)?)?$/;

/** A moment: RFC 3339, no zone meaning UTC; or how long ago: `90s`, `45m`, `2h`, `3d`, `1w`. */
export function parseTime(text: string, now: Date): Date | undefined {
  const [, amount, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(now.getTime() - Number(amount) * (UNITS[unit] ?? 0) * 1_000);
  const match = RFC_3339.exec(text);
  if (match === null) return undefined;
  const zone = match.groups?.["zone"];
  const moment = new Date(
    text.toUpperCase().replace(" ", "T") + (zone === undefined && text.length > 10 ? "Z" : ""),
  );
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

/** The parser of an option that takes a moment. */
export function time(text: string): Date {
  const moment = parseTime(text, new Date());
  if (moment === undefined) {
    throw new InvalidArgumentError("a time like 2026-01-31T12:00:00Z, or how long ago: 90s, 45m, 2h, 3d.");
  }
  return moment;
}
