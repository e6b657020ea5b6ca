import { exactExponent, parseDecimal, plainDigits } from "./decimal.ts";
import { LosslessNumber } from "./lossless-number.ts";
import { losesDigits } from "./parse-json.ts";

/** Below this length a look at each character is quicker than `JSON.stringify`. */
const SHORT = 48;
/** A number with more zeros than this between its digits and its point keeps an exponent, so that none is expanded. */
const MOST_ZEROS = 400;

/**
 * The one text of a JSON value (RFC 8785, JSON Canonicalization Scheme): members sorted by UTF-16 code units, no
 * spaces, numbers as ECMAScript prints them. A number that a double does not hold is written in plain digits, exactly;
 * one beyond 400 zeros as digits and exponent. Equal values give equal texts, however their numbers were written.
 * Own members called `__proto__` are plain data. Takes what JSON.parse makes, {@link LosslessNumber} and bigint.
 */
export function canonicalJson(value: unknown): string {
  const copy = sortedCopy(value);
  return copy === NONE ? spelled(value) : JSON.stringify(copy);
}

/** What no copy can hold in canonical order: `JSON.stringify` would print it in another way. */
const NONE = Symbol("no copy");

/** The value with the members of its objects in canonical order, itself where they are. `JSON.stringify` prints all else as it must be. */
function sortedCopy(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      return Array.isArray(value) ? sortedItems(value) : sortedMembers(value);
    default:
      return NONE;
  }
}

function sortedItems(items: readonly unknown[]): unknown {
  let copies: unknown[] | undefined;
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    const copy = sortedCopy(item);
    if (copy === NONE) return NONE;
    if (copy !== item) copies ??= items.slice(0, at);
    copies?.push(copy);
  }
  return copies ?? items;
}

function sortedMembers(value: object): unknown {
  if (value instanceof LosslessNumber) return NONE;
  const members = value as Record<string, unknown>;
  const order = orderOf(members);
  if (order === undefined) return NONE;
  if (order === AS_WRITTEN) return withSortedItems(members);
  const copy = { ...order };
  for (const name in order) {
    const item = sortedCopy(members[name]);
    if (item === NONE) return NONE;
    copy[name] = item;
  }
  return copy;
}

/** Of members in canonical order; themselves when what they hold is too. */
function withSortedItems(members: Record<string, unknown>): unknown {
  let copy: Record<string, unknown> | undefined;
  for (const name in members) {
    const member = members[name];
    const item = sortedCopy(member);
    if (item === NONE) return NONE;
    if (item === member) continue;
    copy ??= { ...members };
    copy[name] = item;
  }
  return copy ?? members;
}

/** An object's members without their values, in canonical order. */
type Members = Readonly<Record<string, unknown>>;

const AS_WRITTEN: Members = {};

/** After these names, in the order in which somebody wrote them. */
interface Place {
  readonly next: Map<string, Place>;
  /** What has these members and no more. */
  canonical: Members | undefined;
}

/** The orders met so far: a publisher writes its updates one like the other. */
let start = newPlace();
let places = 1;
const MOST_PLACES = 2_048;
/** Only orders of so few members, with so few characters in all their names, are worth their memory. */
const MOST_MEMBERS = 64;
const MOST_CHARACTERS = 2_048;

function newPlace(): Place {
  return { next: new Map(), canonical: undefined };
}

/** The members in canonical order; undefined for an object of which no copy can have it. */
function orderOf(members: Members): Members | undefined {
  let characters = 0;
  let before = "";
  let isSorted = true;
  let place: Place | undefined = start;
  for (const name in members) {
    // An object puts names that are numbers first, and __proto__ would be no member of the copy.
    if (isDigit(name.charCodeAt(0)) || name === "__proto__") return undefined;
    isSorted &&= before <= name;
    before = name;
    characters += name.length;
    place = place?.next.get(name);
  }
  if (isSorted) return AS_WRITTEN;
  if (place?.canonical !== undefined) return place.canonical;
  const names = Object.keys(members);
  const canonical = membersOf(sorted([...names]));
  if (names.length <= MOST_MEMBERS && characters <= MOST_CHARACTERS) remember(names, canonical);
  return canonical;
}

function remember(names: readonly string[], canonical: Members): void {
  if (places + names.length > MOST_PLACES) {
    start = newPlace();
    places = 1;
  }
  let place = start;
  for (const name of names) {
    let next = place.next.get(name);
    if (next === undefined) {
      next = newPlace();
      place.next.set(name, next);
      places += 1;
    }
    place = next;
  }
  place.canonical = canonical;
}

/**
 * JSON.parse gives an object whose clones V8 fills and prints quickly; one to which a dozen members are added by computed names
 * becomes a hash table. Parsed twice, so that its fields are such as take any value.
 */
function membersOf(names: readonly string[]): Members {
  const text = (value: string) => `{${names.map((name) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
  JSON.parse(text("0"));
  return JSON.parse(text("null"));
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The same text, piece by piece. */
function spelled(value: unknown): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return Number.isFinite(value) ? `${value}` : "null";
    case "boolean":
      return value ? "true" : "false";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? array(value) : object(value);
    case "bigint":
      return canonicalNumber(`${value}`);
    default:
      return "null";
  }
}

/** A number's text in the one form that all texts of the same value share. */
export function canonicalNumber(text: string): string {
  const double = Number(text);
  if (!losesDigits(text, double)) {
    return `${double}`;
  }
  const value = parseDecimal(text);
  if (value === undefined) {
    return "null";
  }
  if (Math.abs(value.exponent) > MOST_ZEROS) {
    return `${value.negative ? "-" : ""}${value.digits}e${exactExponent(text)}`;
  }
  return plainDigits(value, Math.max(0, -value.exponent));
}

function array(items: readonly unknown[]): string {
  let text = "[";
  for (let at = 0; at < items.length; at++) {
    text += at === 0 ? spelled(items[at]) : `,${spelled(items[at])}`;
  }
  return `${text}]`;
}

function object(value: object): string {
  if (value instanceof LosslessNumber) {
    return canonicalNumber(value.text);
  }
  const names = sorted(Object.keys(value));
  let text = "{";
  for (let at = 0; at < names.length; at++) {
    const name = names[at] ?? "";
    text += `${(at === 0 ? "" : ",") + quote(name)}:${spelled((value as Record<string, unknown>)[name])}`;
  }
  return `${text}}`;
}

/** Sorts in place by UTF-16 code units, which is JavaScript's own order of strings. */
function sorted(names: string[]): string[] {
  if (names.length > 16) {
    return names.sort();
  }
  for (let next = 1; next < names.length; next++) {
    const name = names[next] ?? "";
    let at = next;
    for (let before = names[at - 1]; before !== undefined && before > name; before = names[at - 1]) {
      names[at] = before;
      at--;
    }
    names[at] = name;
  }
  return names;
}

function quote(text: string): string {
  if (text.length > SHORT) {
    return JSON.stringify(text);
  }
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff)) {
      return JSON.stringify(text);
    }
  }
  return `"${text}"`;
}
