import { isUtf8 } from "node:buffer";
import { type AvroFault, notOfSchema } from "./avro-value.ts";

const MOST_LONG_BYTES = 10;
const PAST_64_BITS = 2n ** 64n;

/**
 * Reads Avro binary from its start (Avro 1.11 specification, "Binary encoding"), each step within the data: no count and no
 * length that it names is believed before the bytes are there. Throws an AvroFault.
 */
export class AvroCursor {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer) {
    this.#data = data;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#data.length - this.#at;
  }

  /** Zig-zag, 7 bits a byte. */
  long(): bigint {
    let value = 0n;
    for (let count = 0; count < MOST_LONG_BYTES; count += 1) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) {
        if (value >= PAST_64_BITS) break;
        return (value >> 1n) ^ -(value & 1n);
      }
    }
    throw this.fault("is a long of more than 64 bits");
  }

  /** A long that fits a double: a branch, a count or a length; most of them are one byte. */
  small(): number {
    const byte = this.#data[this.#at];
    if (byte === undefined || byte >= 0x80) return Number(this.long());
    this.#at += 1;
    return (byte >>> 1) ^ -(byte & 1);
  }

  boolean(): boolean {
    const byte = this.#byte();
    if (byte > 1) throw this.fault("is no boolean");
    return byte === 1;
  }

  double(): number {
    const value = this.#take(8).readDoubleLE();
    if (!Number.isFinite(value)) throw this.fault(`is ${value}, which no column holds`);
    return value;
  }

  bytes(): Buffer {
    const length = this.small();
    if (length < 0) throw this.fault("has a negative length");
    return this.#take(length);
  }

  text(): string {
    const bytes = this.bytes();
    if (!isUtf8(bytes)) throw this.fault("is a text that is not UTF-8");
    return bytes.toString("utf8");
  }

  /** Calls `item` for each item of an array or map; each has `least` bytes or more. */
  blocks(least: number, item: () => void): void {
    for (let count = this.small(); count !== 0; count = this.small()) {
      // A negative count is followed by the size of the block, for readers that skip it.
      if (count < 0) this.long();
      const items = Math.abs(count);
      if (items * least > this.left) throw this.fault("has more items than bytes");
      for (let done = 0; done < items; done += 1) item();
    }
  }

  /** A fault just before the place that has been read. */
  fault(words: string): AvroFault {
    return notOfSchema("BINARY", `what ends at byte ${this.#at}`, words);
  }

  #byte(): number {
    const byte = this.#data[this.#at];
    if (byte === undefined) throw notOfSchema("BINARY", "it", `ends early, after ${this.#at} bytes`);
    this.#at += 1;
    return byte;
  }

  #take(length: number): Buffer {
    if (length > this.left) throw notOfSchema("BINARY", "it", `ends early, after ${this.#data.length} bytes`);
    const taken = this.#data.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }
}
