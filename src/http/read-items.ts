import { isJsonObject, type JsonValue } from "../messages/json-value.ts";
import { type JsonLimits, parseJson } from "../messages/parse-json.ts";
import { pointerTo } from "../messages/pointer.ts";
import { quote } from "../messages/quote.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem, type ProblemBody, rejectionProblem } from "./problem.ts";

/** One item of a body: its value, or why it could not be read. */
export type ReadItem =
  | { readonly value: JsonValue; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: ProblemBody };

/** A body's items; `single` when it is one update and not a list of them. */
export interface ReadBody {
  readonly single: boolean;
  readonly items: readonly ReadItem[];
}

/** What bounds a body. */
export type BodyRules = Pick<SidecarParts, "limits" | "options">;

const NEWLINE = 0x0a;

/**
 * The updates in a body: one, `{"updates": […]}`, or NDJSON with one a line (empty lines are passed over). Throws an
 * {@link HttpProblem} when the body as a whole cannot be read; a bad line or item refuses only itself.
 */
export function readItems(body: unknown, contentType: string | undefined, rules: BodyRules): ReadBody {
  const most = rules.options.batchItems;
  if (/ndjson/i.test(contentType ?? "")) {
    const items = [...lines(bytesOf(body))].map((line) => itemOf(parseJson(line, jsonLimits(rules))));
    return { single: false, items: counted(items, most, "") };
  }
  const value = readValue(body, rules);
  if (!isJsonObject(value) || !Object.hasOwn(value, "updates")) return { single: true, items: [{ value }] };
  return { single: false, items: listed(value["updates"], Object.keys(value), most) };
}

/** The one JSON value of a body. Throws an {@link HttpProblem} when it cannot be read. */
export function readValue(body: unknown, rules: BodyRules): JsonValue {
  const { value, fault } = parseJson(bytesOf(body), jsonLimits(rules));
  if (fault === undefined) return value;
  const { code, message, ...where } = fault;
  throw new HttpProblem(code, message, { members: where });
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body) && body.length > 0) return body;
  throw refused("malformed", "The body is empty; an update is a JSON object.");
}

/** A list of updates is two levels around each. */
function jsonLimits({ limits, options }: BodyRules): JsonLimits {
  return { dataBytes: options.bodyBytes, depth: limits.depth + 2 };
}

function listed(updates: JsonValue | undefined, names: readonly string[], most: number): readonly ReadItem[] {
  const stranger = names.find((name) => name !== "updates");
  if (stranger !== undefined) {
    throw refused(
      "invalid",
      `The member ${quote(stranger)} can't stand next to updates; remove it.`,
      pointerTo([stranger]),
    );
  }
  if (!Array.isArray(updates))
    throw refused("invalid", "The member updates must be a list of updates.", "/updates");
  return counted(
    updates.map((value) => ({ value })),
    most,
    "/updates",
  );
}

function counted(items: readonly ReadItem[], most: number, pointer: string): readonly ReadItem[] {
  if (items.length === 0) throw refused("invalid", "There is no update in the body.", pointer);
  if (items.length <= most) return items;
  throw refused("too_large", `The body has ${items.length} updates; at most ${most} are allowed.`, pointer);
}

function itemOf({ value, fault }: ReturnType<typeof parseJson>): ReadItem {
  return fault === undefined ? { value } : { problem: rejectionProblem(fault) };
}

function* lines(body: Buffer): Iterable<Buffer> {
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf(NEWLINE, at);
    const line = body.subarray(at, end === -1 ? body.length : end);
    at = end === -1 ? body.length : end + 1;
    if (line.some((byte) => byte > 0x20)) yield line;
  }
}

function refused(code: "malformed" | "invalid" | "too_large", detail: string, pointer?: string): HttpProblem {
  return new HttpProblem(code, detail, { members: { pointer } });
}
