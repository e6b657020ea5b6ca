import { isUtf8 } from "node:buffer";

const NEWLINE = 0x0a;

/** Checks that a file is UTF-8, chunk by chunk; a character may be cut by the end of a chunk. */
export class Utf8Check {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The last three bytes before the chunk: a character that goes on in it has no more of them. */
  #before: Buffer = Buffer.alloc(0);

  /**
   * undefined when the chunk is fine; else where in it the first line begins that is not UTF-8: 0 also for the line that
   * began before it.
   */
  fault(chunk: Buffer): number | undefined {
    if (!this.#decodes(chunk, true)) {
      return badLine(this.#before, chunk);
    }
    this.#before = Buffer.concat([this.#before, chunk.subarray(-3)]).subarray(-3);
    return undefined;
  }

  /** Does the file end in the middle of a character? */
  endsEarly(): boolean {
    return !this.#decodes(Buffer.alloc(0), false);
  }

  #decodes(bytes: Buffer, stream: boolean): boolean {
    try {
      this.#decoder.decode(bytes, { stream });
      return true;
    } catch {
      return false;
    }
  }
}

/** The last line is to blame when no other is: its end may be a character that the chunk cuts. */
function badLine(before: Buffer, chunk: Buffer): number {
  let start = 0;
  for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
    const line = chunk.subarray(start, end);
    if (!(start === 0 ? isTail(before, line) : isUtf8(line))) {
      return start;
    }
    start = end + 1;
  }
  return start;
}

/** Is the line UTF-8 when it goes on behind these bytes, the first of which may be the rest of a character? */
function isTail(before: Buffer, line: Buffer): boolean {
  let from = 0;
  while (((before[from] ?? 0) & 0xc0) === 0x80) {
    from += 1;
  }
  return isUtf8(Buffer.concat([before.subarray(from), line]));
}
