import { OPERATIONS } from "../tables/definition.ts";
import { AvroCursor } from "./avro-binary.ts";
import { AVRO_BRANCHES, AVRO_GROUPS } from "./avro-schema.ts";
import {
  addMember,
  AvroFault,
  jsonOf,
  longOf,
  tooLarge,
  updateOf,
  type ValueLimits,
  valueLimits,
} from "./avro-value.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import type { JsonLimits } from "./parse-json.ts";
import { quote } from "./quote.ts";

/** A table's length, an operation and four branches. */
const LEAST_CHANGE = 6;
/** The length of a name and a branch. */
const LEAST_ENTRY = 2;
/** Of a change and of a column's value in plain JSON, so that no more is built than an update may have. */
const LEAST_PLAIN_CHANGE = '{"op":"insert","table":""}'.length;
const LEAST_PLAIN_ENTRY = '"":0'.length;

/**
 * The update that Avro binary of `schemas/update.avsc` holds, as plain JSON. Not by the library that writes it: that one
 * believes the counts that it reads, so that four bytes fill the memory, and takes texts that are not UTF-8. Throws an AvroFault.
 */
export function readAvroBinary(data: Buffer, limits: JsonLimits): JsonValue {
  const cursor = new AvroCursor(data);
  const changes: JsonValue[] = [];
  const alone = cursor.boolean();
  const reading = { cursor, inside: valueLimits(limits, alone), take: roomOf(limits) };
  cursor.blocks(LEAST_CHANGE, () => {
    reading.take(LEAST_PLAIN_CHANGE);
    changes.push(readChange(reading));
  });
  if (cursor.left > 0) throw cursor.fault(`is the update, but ${cursor.left} bytes follow`);
  return updateOf(changes, alone);
}

/** What the parts of an update are read with. */
interface Reading {
  readonly cursor: AvroCursor;
  readonly inside: ValueLimits;
  /** Takes bytes from the room that the plain JSON has. */
  take(bytes: number): void;
}

function roomOf({ dataBytes }: JsonLimits): (bytes: number) => void {
  let left = dataBytes;
  return (bytes) => {
    left -= bytes;
    if (left < 0) throw new AvroFault(tooLarge(`more than ${dataBytes} bytes as plain JSON`, dataBytes));
  };
}

function readChange(reading: Reading): JsonObject {
  const { cursor } = reading;
  const table = cursor.text();
  const op = OPERATIONS[cursor.small()];
  if (op === undefined) throw cursor.fault("is no operation");
  const change: JsonObject = { table, op };
  for (const group of AVRO_GROUPS) {
    if (isThere(cursor)) change[group] = readGroup(reading);
  }
  return change;
}

/** The branch of a union with null. */
function isThere(cursor: AvroCursor): boolean {
  const branch = cursor.small();
  if (branch !== 0 && branch !== 1) throw cursor.fault("is no branch of a group");
  return branch === 1;
}

function readGroup({ cursor, inside, take }: Reading): JsonObject {
  const group: JsonObject = {};
  cursor.blocks(LEAST_ENTRY, () => {
    take(LEAST_PLAIN_ENTRY);
    const name = cursor.text();
    addMember(group, name, readValue(cursor, name, inside));
  });
  return group;
}

function readValue(cursor: AvroCursor, column: string, limits: ValueLimits): JsonValue {
  const branch = AVRO_BRANCHES[cursor.small()];
  switch (branch) {
    case "null":
      return null;
    case "boolean":
      return cursor.boolean();
    case "long":
      return longOf(`${cursor.long()}`);
    case "double":
      return cursor.double();
    case "string":
      return cursor.text();
    case "bytes":
      return cursor.bytes().toString("base64");
    case "rowpost.Json":
      return jsonOf(cursor.text(), `column ${quote(column)}`, limits);
    case undefined:
      throw cursor.fault("is no branch of a column's value");
    default:
      return branch satisfies never;
  }
}
