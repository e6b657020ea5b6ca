import { idempotencyKey } from "./idempotency-key.ts";
import { quote } from "./quote.ts";
import type { Fingerprint, IdempotencyKey } from "./update.ts";

/** What names an update that is published. */
export interface Published {
  readonly key: IdempotencyKey;
  readonly fingerprint: Fingerprint;
}

/** Keeps a line of each update before it is published, and one when the broker has confirmed it. */
export interface Journal {
  /**
   * Notes the update, then calls `send`, and notes the message id that this gives. Rejects as `send` does. A journal says
   * itself what happens when it cannot take the first note; the second is never waited for.
   */
  publish(update: Published, send: () => Promise<string>): Promise<string>;
}

/** A line of a journal. Times are Unix milliseconds, of the publisher's clock. */
export type JournalLine =
  | { readonly kind: "sent"; readonly key: IdempotencyKey; readonly fingerprint: string; readonly at: number }
  | {
      readonly kind: "confirmed";
      readonly key: IdempotencyKey;
      readonly fingerprint: string;
      readonly at: number;
      readonly messageId: string;
    }
  /** So many lines before this one are missing: the disk did not take them. */
  | { readonly kind: "lost"; readonly lines: number; readonly at: number };

/** Bytes of a line at the most; the longest that is ever written has about 800. */
export const LONGEST_LINE = 16 * 1024;

/** How both lines of an update begin. */
export function lineBegin({ key, fingerprint }: Published): string {
  return `{"key":${JSON.stringify(key)},"fingerprint":"${fingerprint}"`;
}

/** The line that stands in the journal before the update goes to the broker. */
export function sentLine(begin: string, at: number): string {
  return `${begin},"sent":"${timeText(at)}"}\n`;
}

/** The line that stands in the journal after the broker has confirmed the update. */
export function confirmedLine(begin: string, at: number, messageId: string): string {
  return `${begin},"confirmed":"${timeText(at)}","messageId":${JSON.stringify(messageId)}}\n`;
}

/** The line that stands for `lines` that the disk did not take. */
export function lostLine(lines: number, at: number): string {
  return `{"lost":${lines},"at":"${timeText(at)}"}\n`;
}

/** Many lines are of one millisecond. */
let [lastAt, lastText] = [Number.NaN, ""];

function timeText(at: number): string {
  if (at !== lastAt) [lastAt, lastText] = [at, new Date(at).toISOString()];
  return lastText;
}

/**
 * What a line of a journal says. `torn`: the beginning of one whose end never reached the disk; `fault`: it is no line of a
 * journal, and why.
 */
export type ReadLine =
  | { readonly line: JournalLine; readonly torn?: undefined; readonly fault?: undefined }
  | { readonly torn: true; readonly line?: undefined; readonly fault?: undefined }
  | { readonly fault: string; readonly line?: undefined; readonly torn?: undefined };

/** Reads one line, without its line break. Members that nobody knows are left alone. Never throws. */
export function readJournalLine(bytes: Buffer): ReadLine {
  // After a loss of power a file system may show zeros where the last lines were to stand.
  if (bytes[0] === 0) return { torn: true };
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return BEGINNINGS.some((begin) => text.startsWith(begin) || begin.startsWith(text))
      ? { torn: true }
      : { fault: `${quote(text)} is not JSON` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { fault: `${quote(text)} is no JSON object` };
  const read = value as Record<string, unknown>;
  const line = "lost" in read ? lostOf(read) : noteOf(read);
  return typeof line === "string" ? { fault: line } : { line };
}

const BEGINNINGS = ['{"key":"', '{"lost":'];

function lostOf({ lost, at }: Record<string, unknown>): JournalLine | string {
  const time = timeOf(at);
  if (time === undefined) return fault("at", at, "a time (RFC 3339)");
  return Number.isSafeInteger(lost) && Number(lost) > 0
    ? { kind: "lost", lines: Number(lost), at: time }
    : fault("lost", lost, "a number from 1");
}

function noteOf(read: Record<string, unknown>): JournalLine | string {
  const { fingerprint, messageId, sent, confirmed } = read;
  const key = typeof read["key"] === "string" ? idempotencyKey(read["key"]) : undefined;
  if (key === undefined) return fault("key", read["key"], "an idempotency key");
  if (typeof fingerprint !== "string" || !/^[0-9a-f]{64}$/.test(fingerprint))
    return fault("fingerprint", fingerprint, "64 hexadecimal digits");
  if (confirmed === undefined) {
    const at = timeOf(sent);
    return at === undefined
      ? fault("sent", sent, "a time (RFC 3339)")
      : { kind: "sent", key, fingerprint, at };
  }
  const at = timeOf(confirmed);
  if (at === undefined) return fault("confirmed", confirmed, "a time (RFC 3339)");
  if (typeof messageId !== "string") return fault("messageId", messageId, "a text");
  return { kind: "confirmed", key, fingerprint, at, messageId };
}

function fault(name: string, value: unknown, wanted: string): string {
  if (value === undefined) return `the member ${name} is missing`;
  return `the member ${name} is ${quote(JSON.stringify(value))}, and must be ${wanted}`;
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

function timeOf(value: unknown): number | undefined {
  if (typeof value !== "string" || !RFC_3339.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}
