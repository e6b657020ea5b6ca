import type { JsonValue } from "./json-value.ts";
import { isJsonObject } from "./json-value.ts";
import { pointerTo } from "./pointer.ts";
import { quote } from "./quote.ts";
import { stringEnd } from "../tables/scan-json.ts";

/** Where a text stops being JSON: offset in UTF-16 units from 0, line and column from 1, and what was wrong there. */
export interface SyntaxFault {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

/** How V8 ends the messages that quote the text in place of a position. */
const TOKEN_FAULT = "is not valid JSON";

/**
 * Says where `text`, which `JSON.parse` refused with `error`, stops being JSON. V8 tells the position of every fault but
 * two: at the end of the text, and for an unexpected token. Text up to that token parses or ends too early, text beyond
 * it fails at the token, so that one is found by bisection.
 */
export function syntaxFault(text: string, error: unknown): SyntaxFault {
  const message = error instanceof Error ? error.message : "";
  const told = /^(.*?)(?: in JSON)? at position ([0-9]+)/.exec(message);
  const token = message.endsWith(TOKEN_FAULT);
  const offset = told === null ? (token ? firstUnexpectedToken(text) : text.length) : Number(told[2]);
  const upTo = text.slice(0, offset);
  const found = token ? quote(String.fromCodePoint(text.codePointAt(offset) ?? 0)) : "end";
  const reason = told?.[1] ?? `Unexpected ${found}`;
  return {
    offset,
    line: upTo.split("\n").length,
    column: offset - upTo.lastIndexOf("\n"),
    reason: reason.charAt(0).toLowerCase() + reason.slice(1),
  };
}

function firstUnexpectedToken(text: string): number {
  let parses = 0;
  let fails = text.length;
  while (fails - parses > 1) {
    const middle = (parses + fails) >> 1;
    if (failsAtToken(text.slice(0, middle))) {
      fails = middle;
    } else {
      parses = middle;
    }
  }
  return parses;
}

function failsAtToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof Error && error.message.endsWith(TOKEN_FAULT);
  }
}

/** The first member name that an object of this valid JSON text has twice, with the pointer of the member. */
export function duplicateMember(
  text: string,
): { readonly name: string; readonly pointer: string } | undefined {
  const open: { names: Set<string> | undefined; step: string | number }[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const top = open.at(-1);
    switch (text[at]) {
      case "{":
        open.push({ names: new Set(), step: "" });
        break;
      case "[":
        open.push({ names: undefined, step: 0 });
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ",":
        if (top !== undefined && typeof top.step === "number") {
          top.step += 1;
        }
        break;
      case '"': {
        const end = stringEnd(text, at);
        if (top?.names !== undefined && isName(text, end)) {
          const name = String(JSON.parse(text.slice(at, end + 1)));
          top.step = name;
          if (top.names.has(name)) {
            return { name, pointer: pointerTo(open.map(({ step }) => step)) };
          }
          top.names.add(name);
        }
        at = end;
        break;
      }
      default:
    }
  }
  return undefined;
}

/** A colon follows the string that closes at `end`. */
function isName(text: string, end: number): boolean {
  const colon = /\s*:/y;
  colon.lastIndex = end + 1;
  return colon.test(text);
}

/** The pointer of the first text with half a surrogate pair; for a member's name, of the object that has it. */
export function illFormedText(value: JsonValue, path: readonly PropertyKey[] = []): string | undefined {
  if (typeof value === "string") {
    return value.isWellFormed() ? undefined : pointerTo(path);
  }
  if (!Array.isArray(value) && !isJsonObject(value)) {
    return undefined;
  }
  for (const [step, item] of Object.entries(value)) {
    const fault = step.isWellFormed() ? illFormedText(item, [...path, step]) : pointerTo(path);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}
