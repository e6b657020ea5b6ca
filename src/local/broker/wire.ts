/**
 * Protocol Buffers on the wire, for the few messages that carry traffic: they are read in place and written in one piece,
 * so that a message's bytes are copied twice in its life and never become an object.
 */
export const VARINT = 0;
export const BYTES = 2;

/** Walks over the fields of one encoded message; throws a RangeError when the bytes are none. */
export class WireReader {
  readonly bytes: Buffer;
  /** The number of the field that `next` came to. */
  field = 0;
  /** Its value when it is a varint. */
  value = 0;
  /** Where its content starts and ends when it is bytes, text or a message; an empty range for other types. */
  start = 0;
  end = 0;
  #at: number;
  readonly #limit: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.#at = start;
    this.#limit = end;
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    if (this.#at >= this.#limit) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    const type = tag % 8;
    this.start = this.end = this.value = 0;
    if (type === VARINT) {
      this.value = this.#varint();
    } else if (type === BYTES) {
      const length = this.#varint();
      this.start = this.#at;
      this.end = this.#at + length;
      this.#at = this.end;
    } else if (type === 1 || type === 5) {
      this.#at += type === 1 ? 8 : 4;
    } else {
      throw new RangeError(`wire type ${type} is not known`);
    }
    if (this.#at > this.#limit) throw new RangeError("a field ends after its message");
    return true;
  }

  /** The text of the field that `next` came to. */
  text(): string {
    return this.bytes.toString("utf8", this.start, this.end);
  }

  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new RangeError("a number has no end");
  }
}

/** Bytes that the varint of `value` takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Writes a varint and gives where it ends. */
export function writeVarint(bytes: Buffer, value: number, at: number): number {
  let rest = value;
  let end = at;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[end++] = (rest % 128) | 0x80;
  bytes[end++] = rest;
  return end;
}

/** One field of bytes, text or an encoded message, by itself. */
export function encodeField(field: number, content: string | Buffer): Buffer {
  const body = typeof content === "string" ? Buffer.from(content) : content;
  const bytes = Buffer.allocUnsafe(varintSize(field * 8) + varintSize(body.length) + body.length);
  let at = writeVarint(bytes, field * 8 + BYTES, 0);
  at = writeVarint(bytes, body.length, at);
  bytes.set(body, at);
  return bytes;
}

/** One field with a number, by itself. */
export function encodeNumber(field: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(varintSize(field * 8) + varintSize(value));
  writeVarint(bytes, value, writeVarint(bytes, field * 8 + VARINT, 0));
  return bytes;
}

/** One entry of a map from text to text, by itself. */
export function encodeEntry(field: number, key: string, value: string): Buffer {
  return encodeField(field, Buffer.concat([encodeField(1, key), encodeField(2, value)]));
}
