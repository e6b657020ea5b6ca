const NEWLINE = 0x0a;

/**
 * Tells on which line an offset lies, for a reader that tells offsets only. It is shown the bytes in their order and
 * asked for offsets that never fall; what lies before an asked offset is forgotten.
 */
export class LineIndex {
  #newlines: number[] = [];
  /** How many of them lie before the last asked offset, and how many were forgotten. */
  #next = 0;
  #forgotten = 0;
  #size = 0;

  /** Takes the next bytes of the file. */
  add(bytes: Buffer): void {
    this.#newlines.splice(0, this.#next);
    this.#forgotten += this.#next;
    this.#next = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) {
      this.#newlines.push(this.#size + at);
    }
    this.#size += bytes.length;
  }

  /** How many lines end before `offset`, which is in bytes. */
  linesBefore(offset: number): number {
    while ((this.#newlines[this.#next] ?? offset) < offset) {
      this.#next += 1;
    }
    return this.#forgotten + this.#next;
  }
}
