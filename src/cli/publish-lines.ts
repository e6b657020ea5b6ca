import type { Cutter, Piece } from "./publish-piece.ts";

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const NO_BYTES = Buffer.alloc(0);

/**
 * Cuts a file into its lines (NDJSON): ended by LF or CRLF, the last one also by the end of the file. Blank lines are
 * counted and left out. Of a line with more than `limit` bytes nothing is kept.
 */
export class LineCutter implements Cutter {
  readonly #limit: number;
  /** The begun line, as it came; joined when it ends. */
  #parts: Buffer[] = [];
  #size = 0;
  #line = 1;
  #offset = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  *push(chunk: Buffer): Generator<Piece> {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, at));
      start = at + 1;
      yield* this.#finish(this.#offset + start);
      this.#line += 1;
    }
    this.#keep(chunk.subarray(start));
    this.#offset += chunk.length;
  }

  *end(): Generator<Piece> {
    yield* this.#finish(this.#offset);
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#limit + 1) {
      this.#parts = [];
    } else if (part.length > 0) {
      this.#parts.push(part);
    }
  }

  *#finish(end: number): Generator<Piece> {
    const whole = this.#parts.length === 1 ? (this.#parts[0] ?? NO_BYTES) : Buffer.concat(this.#parts);
    const bytes = whole.at(-1) === CARRIAGE_RETURN ? whole.subarray(0, -1) : whole;
    const size = this.#size - (whole.length - bytes.length);
    this.#parts = [];
    this.#size = 0;
    if (size > this.#limit) {
      yield { line: this.#line, column: 1, end, bytes: undefined, size };
    } else if (!isBlank(bytes)) {
      yield { line: this.#line, column: 1, end, bytes, size };
    }
  }
}

/** Nothing but spaces and tabs. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x09) {
      return false;
    }
  }
  return true;
}
