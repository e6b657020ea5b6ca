import { canonicalNumber } from "../tables/canonical-json.ts";
import { OPERATIONS } from "../tables/definition.ts";
import { LosslessNumber } from "../tables/lossless-number.ts";
import { AVRO_GROUPS } from "./avro-schema.ts";
import {
  addMember,
  jsonOf,
  longOf,
  notOfSchema,
  updateOf,
  type ValueLimits,
  valueLimits,
} from "./avro-value.ts";
import { isJsonObject, type JsonObject, type JsonValue, member } from "./json-value.ts";
import type { JsonLimits } from "./parse-json.ts";
import { pointerTo } from "./pointer.ts";
import { clip, listOf } from "./quote.ts";

const UPDATE_MEMBERS = ["alone", "changes"] as const;
const CHANGE_MEMBERS = ["table", "op", ...AVRO_GROUPS] as const;
const INTEGER = /^-?\d{1,19}$/;

/**
 * The update that Avro JSON of `schemas/update.avsc` holds (Avro 1.11 specification, "JSON encoding"), as plain JSON. All
 * members of a record must be there and no others, as only the broker's own parser takes more. Throws an AvroFault.
 */
export function readAvroJson(value: JsonValue, limits: JsonLimits): JsonValue {
  const update = recordOf(value, UPDATE_MEMBERS, []);
  const alone = update["alone"];
  const changes = update["changes"];
  if (typeof alone !== "boolean") throw fault(["alone"], "is no boolean");
  if (!Array.isArray(changes)) throw fault(["changes"], "is no array");
  const inside = valueLimits(limits, alone);
  return updateOf(
    changes.map((change, at) => changeOf(change, ["changes", String(at)], inside)),
    alone,
  );
}

type Path = readonly string[];

function changeOf(value: JsonValue, path: Path, limits: ValueLimits): JsonObject {
  const record = recordOf(value, CHANGE_MEMBERS, path);
  const table = textOf(record["table"], [...path, "table"]);
  const written = record["op"];
  const op = OPERATIONS.find((known) => known === written);
  if (op === undefined) throw fault([...path, "op"], `is none of ${listOf(OPERATIONS, "operations")}`);
  const change: JsonObject = { table, op };
  for (const name of AVRO_GROUPS) {
    const group = record[name] ?? null;
    if (group !== null) change[name] = groupOf(group, [...path, name], limits);
  }
  return change;
}

function groupOf(value: JsonValue, path: Path, limits: ValueLimits): JsonObject {
  const [branch, map] = branchOf(value, path);
  if (branch !== "map" || !isJsonObject(map)) throw fault(path, 'is neither null nor {"map": {…}}');
  const group: JsonObject = {};
  for (const [name, tagged] of Object.entries(map)) {
    addMember(group, name, valueOf(tagged, [...path, name], limits));
  }
  return group;
}

function valueOf(tagged: JsonValue, path: Path, limits: ValueLimits): JsonValue {
  if (tagged === null) return null;
  const [branch, value] = branchOf(tagged, path);
  switch (branch) {
    case "boolean":
      if (typeof value !== "boolean") throw fault(path, "is no boolean");
      return value;
    case "long":
      return integerOf(value, path);
    case "double":
      return doubleOf(value, path);
    case "string":
      return textOf(value, path);
    case "bytes":
      return base64Of(value, path);
    case "rowpost.Json": {
      const { text } = recordOf(value, ["text"], path);
      return jsonOf(textOf(text, path), pointerTo(path), limits);
    }
    default:
      throw fault(path, `has the branch ${JSON.stringify(clip(branch, 40))}, which the schema has not`);
  }
}

function integerOf(value: JsonValue, path: Path): JsonValue {
  const digits = isNumber(value) ? canonicalNumber(String(value)) : "";
  if (!INTEGER.test(digits) || BigInt.asIntN(64, BigInt(digits)) !== BigInt(digits)) {
    throw fault(path, "is no integer of 64 bits");
  }
  return longOf(digits);
}

/** The nearest double, as a reader of Avro has it. */
function doubleOf(value: JsonValue, path: Path): number {
  const double = isNumber(value) ? Number(String(value)) : Number.NaN;
  if (!Number.isFinite(double)) throw fault(path, "is no finite double");
  return double;
}

/** Avro JSON writes each byte as the character of that number. */
function base64Of(value: JsonValue, path: Path): string {
  const text = textOf(value, path);
  if (/[^\u0000-\u00ff]/.test(text)) throw fault(path, "is no bytes: a character is above U+00FF");
  return Buffer.from(text, "latin1").toString("base64");
}

function isNumber(value: JsonValue): value is number | LosslessNumber {
  return typeof value === "number" || value instanceof LosslessNumber;
}

function textOf(value: JsonValue | undefined, path: Path): string {
  if (typeof value !== "string") throw fault(path, "is no text");
  return value;
}

/** A value of a union other than null: an object whose one member names the branch. */
function branchOf(value: JsonValue, path: Path): readonly [name: string, value: JsonValue] {
  const [first, ...others] = isJsonObject(value) ? Object.entries(value) : [];
  if (first === undefined || others.length > 0) {
    throw fault(path, 'names no branch of its union, as {"string": "…"} does');
  }
  return first;
}

function recordOf(value: JsonValue, names: readonly string[], path: Path): JsonObject {
  if (!isJsonObject(value)) throw fault(path, "is no object");
  const missing = names.find((name) => member(value, name) === undefined);
  if (missing !== undefined) throw fault(path, `lacks the member ${missing}; Avro JSON has all of them`);
  const strange = Object.keys(value).find((name) => !names.includes(name));
  if (strange !== undefined) throw fault([...path, strange], "is no member of the schema");
  return value;
}

function fault(path: Path, words: string) {
  return notOfSchema("JSON", path.length === 0 ? "the whole" : clip(pointerTo(path), 120), words);
}
