import { isUtf8 } from "node:buffer";
import { printableLines } from "./printable.ts";

/** A message's data as a person reads it. */
export interface ShownData {
  readonly kind: "JSON" | "text" | "binary";
  readonly text: string;
  /** How many bytes of the data are not in `text`. */
  readonly left: number;
}

const MOST_TEXT = 65_536;
const MOST_BYTES = 512;
const DEEPEST = 64;

/**
 * JSON indented, digit for digit and member for member as it was written; other text as it is; anything else as a hexadecimal
 * dump of its beginning. Safe on a terminal.
 */
export function showData(data: Buffer): ShownData {
  if (!isUtf8(data) || looksBinary(data)) {
    return { kind: "binary", text: hexdump(data.subarray(0, MOST_BYTES)), left: rest(data, MOST_BYTES) };
  }
  if (data.length <= MOST_TEXT) {
    const text = data.toString("utf8");
    const indented = isJson(text) ? indentJson(text) : undefined;
    return indented === undefined
      ? { kind: "text", text: printableLines(text), left: 0 }
      : { kind: "JSON", text: printableLines(indented), left: 0 };
  }
  return { kind: "text", text: printableLines(headOf(data)), left: rest(data, MOST_TEXT) };
}

function rest(data: Buffer, most: number): number {
  return Math.max(0, data.length - most);
}

/** A NUL is in no text that people write. */
function looksBinary(data: Buffer): boolean {
  return data.includes(0);
}

/** No character is cut in two. */
function headOf(data: Buffer): string {
  return new TextDecoder("utf-8").decode(data.subarray(0, MOST_TEXT), { stream: true });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** One token of JSON, with the white space before it. */
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+)/gsy;

/**
 * Valid JSON with two spaces a level; only white space changes, so that numbers, escapes and repeated members stay as they
 * are. undefined when it is nested too deeply to be readable.
 */
export function indentJson(text: string): string | undefined {
  let out = "";
  let depth = 0;
  let before = "";
  for (const [, token = ""] of text.replace(/^\ufeff/, "").matchAll(TOKEN)) {
    const closes = token === "}" || token === "]";
    if (closes) depth -= 1;
    const empty = closes && (before === "{" || before === "[");
    const opened = before === "{" || before === "[" || before === ",";
    if (!empty && (opened || (closes && before !== ""))) out += `\n${"  ".repeat(depth)}`;
    out += token === ":" ? ": " : token;
    if (token === "{" || token === "[") depth += 1;
    if (depth > DEEPEST) return undefined;
    before = token;
  }
  return out;
}

/** Sixteen bytes a line: offset, hexadecimal, and the characters that are printable ASCII. */
export function hexdump(bytes: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const hex = (row.toString("hex").match(/../g) ?? []).join(" ");
    const text = row.toString("latin1").replace(/[^ -~]/g, ".");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}
