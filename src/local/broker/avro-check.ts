import { isDeepStrictEqual } from "node:util";
import avro from "avsc";
import { invalid } from "./status-error.ts";

/** True when the bytes are a message of the schema, in the encoding. */
export type AvroCheck = (data: Buffer) => boolean;

/** Checks for messages of one schema: they are all of it and nothing else. */
export interface AvroChecks {
  readonly JSON: AvroCheck;
  readonly BINARY: AvroCheck;
}

/** Reads all 64 bits, which the library's own type for `long` refuses. */
const WIDE_LONG = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer(value: bigint) {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: (value: bigint) => Number(value),
  isValid: (value: unknown) => typeof value === "bigint" && BigInt.asIntN(64, value) === value,
  compare: (one: bigint, other: bigint) => (one === other ? 0 : one < other ? -1 : 1),
});

/** Compiles the checks of an Avro schema; throws INVALID_ARGUMENT when it is none. */
export function avroChecks(definition: string): AvroChecks {
  const type = typeOf(definition);
  return {
    BINARY: (data) => holds(() => type.fromBuffer(data) !== undefined),
    // Written again it must say the same: the library drops members that the schema does not know, and adds defaults.
    JSON: (data) =>
      holds(() => {
        const text = data.toString();
        return isDeepStrictEqual(JSON.parse(type.toString(type.fromString(text))), JSON.parse(text));
      }),
  };
}

function typeOf(definition: string): avro.Type {
  try {
    return avro.Type.forSchema(JSON.parse(definition), { registry: { long: WIDE_LONG }, wrapUnions: true });
  } catch (error) {
    throw invalid(`Invalid AVRO schema: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
