const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Finds where one JSON value ends, over as many chunks as it takes. It counts brackets and passes over strings; whether
 * the value is well-formed inside is not its matter.
 */
export class JsonToken {
  #begun = false;
  /** Where to go on in the bytes; may lie one behind them, after a backslash. */
  #at = 0;
  #depth = 0;
  #inString = false;

  /** A value was begun and has not ended. */
  get begun(): boolean {
    return this.#begun;
  }

  /** The first `length` of the bytes that it has seen were taken away. */
  moved(length: number): void {
    this.#at -= length;
  }

  /**
   * The length of the value at the start of `bytes`; undefined when it goes on behind them, which it can't when they are
   * the `final` ones and it is no string, array or object. Called again with more bytes it goes on where it was.
   */
  scan(bytes: Buffer, final: boolean): number | undefined {
    this.#begun = true;
    while (this.#at < bytes.length) {
      if (this.#inString) {
        this.#passString(bytes);
        if (!this.#inString && this.#depth === 0) {
          return this.#ended(this.#at);
        }
      } else {
        const end = this.#passOne(bytes[this.#at]);
        if (end !== undefined) {
          return this.#ended(end);
        }
      }
    }
    return final && this.#depth === 0 && !this.#inString ? this.#ended(this.#at) : undefined;
  }

  /** Goes behind the closing quote, or to the end of the bytes. */
  #passString(bytes: Buffer): void {
    let at = this.#at;
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === BACKSLASH) {
        at += 1;
      } else if (byte === QUOTE) {
        this.#inString = false;
        at += 1;
        break;
      }
    }
    this.#at = at;
  }

  /** Goes behind one byte outside of strings; the value's length when that ends it. */
  #passOne(byte: number | undefined): number | undefined {
    const before = this.#at;
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.#depth += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        // a bracket that was not opened here belongs to what is around a number or a word
        if (this.#depth <= 1) {
          return this.#depth === 0 ? before : before + 1;
        }
        this.#depth -= 1;
        break;
      case COMMA:
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        if (this.#depth === 0) {
          return before;
        }
        break;
      default:
    }
    this.#at = before + 1;
    return undefined;
  }

  #ended(length: number): number {
    this.#begun = false;
    this.#at = 0;
    this.#depth = 0;
    this.#inString = false;
    return length;
  }
}

/** How many blanks of JSON (space, tab, line feed, carriage return) the bytes begin with. */
export function blanks(bytes: Buffer): number {
  let at = 0;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; ) {
    at += 1;
    byte = bytes[at];
  }
  return at;
}
