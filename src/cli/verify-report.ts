import type { Terminal } from "./context.ts";
import { age } from "./dead-letters-list.ts";
import { type PrintRow, printTable } from "./print-table.ts";
import { printable } from "./printable.ts";
import { number } from "./publish-pace.ts";
import type { Found, Part } from "./verify-parts.ts";
import type { Tally } from "./verify-rounds.ts";
import { type Standing, STANDINGS } from "./verify-standing.ts";

/** What the meanings name. */
export interface ReportRules {
  readonly pendingSeconds: number;
  readonly receiptHours: number;
}

/** How many updates stand how, as a table; what needs nobody is left out where there is none of it. */
export function printTally(tally: Tally, rules: ReportRules, width: number): string {
  const rows = STANDINGS.filter((one) => tally[one] > 0 || ALWAYS.includes(one)).map(
    (one): PrintRow => ({ cells: [number(tally[one]), one, meaning(one, rules)] }),
  );
  rows.push({ cells: [number(updatesOf(tally)), "together", ""] });
  return printTable(
    [{ title: "UPDATES", align: "right" }, { title: "STANDING" }, { title: "MEANING" }],
    rows,
    width,
  );
}

export function updatesOf(tally: Tally): number {
  return STANDINGS.reduce((total, standing) => total + tally[standing], 0);
}

const ALWAYS: readonly Standing[] = ["stuck", "unaccounted"];

function meaning(standing: Standing, { pendingSeconds, receiptHours }: ReportRules): string {
  switch (standing) {
    case "applied":
    case "unchanged":
    case "stale":
      return "settled, with a receipt";
    case "rejected":
      return "its dead letter is kept";
    case "key_reused":
      return "its key had settled another update; its dead letter is kept";
    case "discarded":
      return "rejected; its dead letter was discarded";
    case "forgotten":
      return `no receipt, and published more than ${number(receiptHours)} h ago: it may have been purged`;
    case "pending":
      return `no receipt yet, and published less than ${number(pendingSeconds)} s ago`;
    case "unconfirmed":
      return "no receipt, and the broker never confirmed it: perhaps never published";
    case "stuck":
      return `no receipt, and confirmed by the broker more than ${number(pendingSeconds)} s ago`;
    case "unaccounted":
      return "its key settled another update, and there is no dead letter of it";
    default:
      return standing satisfies never;
  }
}

/** In this order they are listed. */
const LISTED: readonly Standing[] = ["unaccounted", "stuck", "unconfirmed"];

/** Of these many each is listed, unless all are asked for. */
const SHOWN = 20;

/** What is written as one JSON object: an update that is not accounted for, and since when. */
export function updateJson({ update, standing }: Found): string {
  const { key, fingerprint, lastAt, confirmedAt, messageId } = update;
  return `${JSON.stringify({
    standing,
    idempotencyKey: key,
    fingerprint,
    messageId: messageId ?? null,
    publishedAt: new Date(confirmedAt ?? lastAt).toISOString(),
    confirmed: confirmedAt !== undefined,
  })}\n`;
}

/** Writes every update that is not accounted for, one JSON object a line. */
export async function writeUpdates(stdout: Terminal, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    for (const found of await part.found()) {
      if (!stdout.write(updateJson(found))) await drained(stdout);
    }
  }
}

/** The updates that somebody should look at, the worst first: the first 20 of each kind, or all. */
export async function printUpdates(
  parts: readonly Part[],
  tally: Tally,
  all: boolean,
  width: number,
): Promise<string> {
  const most = all ? Number.POSITIVE_INFINITY : SHOWN;
  const chosen = new Map<Standing, Found[]>(LISTED.map((standing) => [standing, []]));
  const now = new Date();
  for (const part of parts) {
    for (const found of await part.found()) {
      const list = found.standing === undefined ? undefined : chosen.get(found.standing);
      if (list !== undefined && list.length < most) list.push(found);
    }
  }
  const rows = [...chosen.values()].flat().map((found) => row(found, now));
  if (rows.length === 0) return "";
  const more = LISTED.reduce((total, standing) => total + tally[standing], 0) - rows.length;
  const rest = more > 0 ? `and ${number(more)} more; --all lists them\n` : "";
  return `\n${printTable(COLUMNS, rows, width)}${rest}`;
}

const COLUMNS = [
  { title: "STANDING" },
  { title: "AGE", align: "right" },
  { title: "MESSAGE" },
  { title: "KEY", cut: "middle" },
] as const;

function row({ update, standing = "stuck" }: Found, now: Date): PrintRow {
  const { key, lastAt, confirmedAt, messageId } = update;
  const since = age(new Date(confirmedAt ?? lastAt).toISOString(), now);
  return { cells: [standing, since, printable(messageId ?? "–"), printable(key)] };
}

function drained(stream: Terminal): Promise<void> {
  return new Promise((resolve) => void stream.once("drain", resolve));
}
