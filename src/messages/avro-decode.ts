import { canonicalJson } from "../tables/canonical-json.ts";
import { readAvroBinary } from "./avro-read-binary.ts";
import { readAvroJson } from "./avro-read-json.ts";
import { AVRO_ENCODINGS } from "./avro-schema.ts";
import { AvroFault, tooLarge } from "./avro-value.ts";
import type { JsonValue } from "./json-value.ts";
import { type JsonLimits, parseJson } from "./parse-json.ts";
import { quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";

/** The broker gives this attribute to each message of a topic that has a schema. */
export const SCHEMA_ENCODING = "googclient_schemaencoding";

const NO_LIMITS: JsonLimits = { dataBytes: Number.MAX_SAFE_INTEGER, depth: Number.MAX_SAFE_INTEGER };

/** Levels of an update in Avro JSON, and some to tell what is wrong in. */
const DEPTH = 16;
/** No update is longer as Avro than so many times its plain JSON, and this. */
const LONGEST = 8;
const LONGEST_EMPTY = 1_024;
/** No update is longer as plain JSON than so many times its Avro. */
const SHORTEST = 32;

/** The update as plain JSON, or why there is none. */
export type OpenedAvro =
  | { readonly update: JsonValue; readonly fault?: undefined }
  | { readonly update?: undefined; readonly fault: Rejection };

/**
 * Decodes data that a topic's schema encodes, as the attribute {@link SCHEMA_ENCODING} names it, to the plain JSON that it
 * stands for. The limits are those of the plain JSON. Never throws.
 */
export function openAvro(data: Buffer, encoding: string, limits: JsonLimits): OpenedAvro {
  const name = AVRO_ENCODINGS.find((known) => known === encoding);
  if (name === undefined) {
    const message = `The schema encoding ${quote(encoding)} is not read here; JSON and BINARY are.`;
    return { fault: { code: "malformed", rule: "schema_encoding", message } };
  }
  if (data.length > limits.dataBytes * LONGEST + LONGEST_EMPTY) {
    return { fault: tooLarge(`${data.length} bytes`, limits.dataBytes) };
  }
  try {
    const update = name === "JSON" ? fromJson(data, limits) : readAvroBinary(data, limits);
    const bytes = data.length * SHORTEST > limits.dataBytes ? Buffer.byteLength(canonicalJson(update)) : 0;
    return bytes > limits.dataBytes
      ? { fault: tooLarge(`${bytes} bytes as plain JSON`, limits.dataBytes) }
      : { update };
  } catch (error) {
    if (error instanceof AvroFault) return { fault: error.rejection };
    throw error;
  }
}

/**
 * A message's data as plain JSON: what its Avro stands for, where the broker has said that it is Avro and it is; else the data
 * as it is. For sending a message again, to a topic that may have another encoding by now, or no schema any more.
 */
export function plainData(data: Buffer, attributes: Readonly<Record<string, string>>): Buffer {
  const encoding = attributes[SCHEMA_ENCODING];
  const opened = encoding === undefined ? undefined : openAvro(data, encoding, NO_LIMITS);
  return opened?.update === undefined ? data : Buffer.from(canonicalJson(opened.update));
}

function fromJson(data: Buffer, limits: JsonLimits): JsonValue {
  const parsed = parseJson(data, { dataBytes: data.length, depth: DEPTH });
  if (parsed.fault !== undefined) throw new AvroFault(parsed.fault);
  return readAvroJson(parsed.value, limits);
}
