import { blanks, JsonToken } from "./publish-json-token.ts";
import { type Break, type Cutter, type Piece, Position } from "./publish-piece.ts";

/** What has to come next in the file. `first`: an element, a member, or the end of an empty file's brackets. */
type Expected = "top" | "first" | "item" | "name" | "colon" | "value" | "after" | "end" | "nothing";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const BEHIND = "something stands behind the end of the JSON text (one value a line is --format ndjson)";

/**
 * Cuts a JSON text (RFC 8259) into the elements of its array, or, when it is an object, into its `members` or not at all
 * (`one` record). It looks at brackets and strings only: each piece still has to be read, which judges what is inside.
 * (A stream of tokens would not tell where things stand, how they were written, and which member occurs twice.) Of a
 * piece with more than `limit` bytes nothing is kept.
 */
export class JsonCutter implements Cutter {
  readonly #object: "members" | "one";
  readonly #limit: number;
  readonly #position = new Position();
  readonly #token = new JsonToken();
  #expected: Expected = "top";
  #inObject = false;
  #rest: Buffer = Buffer.alloc(0);
  /** Offset in the file of the first byte of the rest. */
  #offset = 0;
  /** Where the token in hand begins, how many of its bytes were let go, and the name in front of it. */
  #begin = { line: 1, column: 1 };
  #dropped = 0;
  #name: Buffer | undefined;
  #index = 0;

  constructor(object: "members" | "one", limit: number) {
    this.#object = object;
    this.#limit = limit;
  }

  *push(chunk: Buffer): Generator<Piece | Break> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    yield* this.#cut(false);
  }

  *end(): Generator<Piece | Break> {
    yield* this.#cut(true);
    if (this.#expected !== "end" && this.#expected !== "nothing") {
      yield this.#broken("the JSON text ends too early");
    }
  }

  *#cut(final: boolean): Generator<Piece | Break> {
    for (let found = this.#step(final); found !== undefined; found = this.#step(final)) {
      if (found !== "on") {
        yield found;
      }
    }
  }

  /** One token on: a piece, a break, "on" when there is nothing to tell; undefined when more bytes are needed. */
  #step(final: boolean): Piece | Break | "on" | undefined {
    if (this.#expected === "nothing") {
      return undefined;
    }
    if (!this.#token.begun) {
      this.#skip(blanks(this.#rest));
      const byte = this.#rest[0];
      if (byte === undefined) {
        return undefined;
      }
      if (!this.#beginsToken(byte)) {
        return this.#punctuation(byte);
      }
      this.#begin = { line: this.#position.line, column: this.#position.column };
    }
    const length = this.#token.scan(this.#rest, final);
    return length === undefined ? this.#wait() : this.#take(length);
  }

  #beginsToken(byte: number): boolean {
    const valueBegins = byte !== COMMA && byte !== COLON && byte !== CLOSE_BRACKET && byte !== CLOSE_BRACE;
    switch (this.#expected) {
      case "top":
        return this.#object === "one" && byte === OPEN_BRACE;
      case "first":
        return this.#inObject ? byte === QUOTE : valueBegins;
      case "name":
        return byte === QUOTE;
      case "item":
      case "value":
        return valueBegins;
      default:
        return false;
    }
  }

  #punctuation(byte: number): Break | "on" {
    const next = this.#behind(byte);
    if (next === undefined) {
      return this.#broken(this.#expected === "end" ? BEHIND : `expected ${this.#wanted()} here`);
    }
    this.#expected = next;
    this.#skip(1);
    return "on";
  }

  /** What has to come behind a bracket, comma or colon; undefined when it may not stand here. */
  #behind(byte: number): Expected | undefined {
    const closing = this.#inObject ? CLOSE_BRACE : CLOSE_BRACKET;
    switch (this.#expected) {
      case "top":
        this.#inObject = byte === OPEN_BRACE;
        return byte === OPEN_BRACE || byte === OPEN_BRACKET ? "first" : undefined;
      case "first":
        return byte === closing ? "end" : undefined;
      case "after":
        return byte === closing ? "end" : byte !== COMMA ? undefined : this.#inObject ? "name" : "item";
      case "colon":
        return byte === COLON ? "value" : undefined;
      default:
        return undefined;
    }
  }

  #wanted(): string {
    switch (this.#expected) {
      case "top":
        return '"[" or "{"';
      case "after":
        return this.#inObject ? '"," or "}"' : '"," or "]"';
      case "first":
        return this.#inObject ? 'a name in double quotes or "}"' : 'a value or "]"';
      case "name":
        return "a name in double quotes";
      case "colon":
        return '":"';
      default:
        return "a value";
    }
  }

  /** More bytes are needed; of a token that is too large already, none is kept. */
  #wait(): undefined {
    const length = this.#rest.length;
    if (length + this.#dropped > this.#limit) {
      this.#dropped += length;
      this.#skip(length);
      this.#token.moved(length);
    }
    return undefined;
  }

  #take(length: number): Piece | Break | "on" {
    const size = length + this.#dropped;
    const bytes = size > this.#limit ? undefined : this.#rest.subarray(0, length);
    this.#skip(length);
    this.#dropped = 0;
    if (this.#inObject && (this.#expected === "first" || this.#expected === "name")) {
      this.#name = bytes;
      this.#expected = "colon";
      return bytes === undefined ? this.#broken(`a name of ${size} bytes is too long`) : "on";
    }
    const place = this.#place();
    this.#expected = this.#expected === "top" ? "end" : "after";
    return { ...this.#begin, end: this.#offset, bytes, size, ...place };
  }

  /** Which part of the JSON text the token in hand is. */
  #place(): Pick<Piece, "name" | "index"> {
    if (this.#expected === "top") {
      return {};
    }
    if (this.#name === undefined) {
      this.#index += 1;
      return { index: this.#index - 1 };
    }
    const name = this.#name;
    this.#name = undefined;
    return { name };
  }

  #skip(length: number): void {
    if (length > 0) {
      this.#position.advance(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
      this.#offset += length;
    }
  }

  #broken(reason: string): Break {
    this.#expected = "nothing";
    return { line: this.#position.line, column: this.#position.column, reason };
  }
}
