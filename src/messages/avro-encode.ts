import avro from "avsc";
import { canonicalJson, canonicalNumber } from "../tables/canonical-json.ts";
import { LosslessNumber } from "../tables/lossless-number.ts";
import { AVRO_GROUPS, AVRO_SCHEMA, type AvroEncoding } from "./avro-schema.ts";
import { addMember } from "./avro-value.ts";
import { isJsonObject, type JsonObject, type JsonValue, member } from "./json-value.ts";
import { openMessage } from "./open-message.ts";

/** A long as a bigint: the library's own type loses digits beyond 53 bits. */
const LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : Number(a > b)),
});

const TYPE = avro.Type.forSchema(AVRO_SCHEMA as unknown as avro.Schema, {
  registry: { long: LONG },
  wrapUnions: "always",
});

const NO_LIMITS = { dataBytes: Number.MAX_SAFE_INTEGER, depth: Number.MAX_SAFE_INTEGER };

/**
 * An update's plain JSON, as `createEncoder` gives it, in an encoding of `schemas/update.avsc`: decoding that gives the same
 * update and the same fingerprint. Of a CloudEvent in structured mode only the update is kept. Throws an Error for what is no
 * update.
 */
export function encodeAvro(data: Buffer, encoding: AvroEncoding): Buffer {
  const message = { data, attributes: {}, messageId: "", publishedAt: new Date(0) };
  const opened = openMessage(message, NO_LIMITS);
  if (opened.bytes !== undefined || opened.fault !== undefined) {
    throw noUpdate(opened.fault?.message ?? "it is empty");
  }
  const tree = treeOf(opened.update);
  return encoding === "JSON" ? Buffer.from(canonicalJson(tree)) : TYPE.toBuffer(tree);
}

/** What Avro JSON says and what the library takes: values of a union under the name of their branch. */
interface Tree {
  readonly alone: boolean;
  readonly changes: readonly Readonly<Record<string, unknown>>[];
}

function treeOf(update: JsonValue): Tree {
  if (!isJsonObject(update)) throw noUpdate("it is no JSON object");
  if (!Object.hasOwn(update, "changes")) return { alone: true, changes: [changeOf(update)] };
  const { changes, ...others } = update;
  if (!Array.isArray(changes) || Object.keys(others).length > 0) throw noUpdate("it is no list of changes");
  return { alone: false, changes: changes.map(changeOf) };
}

function changeOf(change: JsonValue): Readonly<Record<string, unknown>> {
  if (!isJsonObject(change)) throw noUpdate("a change is no JSON object");
  const { table, op, ...others } = change;
  const strange = Object.keys(others).find((name) => !(AVRO_GROUPS as readonly string[]).includes(name));
  if (strange !== undefined) throw noUpdate(`a change has the member ${strange}`);
  if (typeof table !== "string" || typeof op !== "string") throw noUpdate("a change has no table or no op");
  const groups = AVRO_GROUPS.map((name) => [name, groupOf(member(change, name))]);
  return { table, op, ...Object.fromEntries(groups) };
}

function groupOf(group: JsonValue | undefined): { readonly map: JsonObject } | null {
  if (group === undefined) return null;
  if (!isJsonObject(group)) throw noUpdate("a group of columns is no JSON object");
  const map: JsonObject = {};
  for (const [name, value] of Object.entries(group)) addMember(map, name, branchOf(value) as JsonValue);
  return { map };
}

function branchOf(value: JsonValue): Readonly<Record<string, unknown>> | null {
  if (value === null) return null;
  if (typeof value === "boolean") return { boolean: value };
  if (typeof value === "string") return { string: value };
  if (typeof value === "object" && !(value instanceof LosslessNumber)) return jsonOf(value);
  const digits = canonicalNumber(String(value));
  if (/^-?\d{1,19}$/.test(digits)) {
    const integer = BigInt(digits);
    if (BigInt.asIntN(64, integer) === integer) return { long: integer };
  }
  return typeof value === "number" ? { double: value } : jsonOf(value);
}

function jsonOf(value: JsonValue): Readonly<Record<string, unknown>> {
  return { "rowpost.Json": { text: canonicalJson(value) } };
}

function noUpdate(why: string): Error {
  return new Error(`cannot be encoded as Avro: ${why}`);
}
