/** A part of a file that should hold one record: cut out, but not read. */
export interface Piece {
  /** Where it begins: the line from 1, and the column from 1 in UTF-16 units, as editors count. */
  readonly line: number;
  readonly column: number;
  /** Offset in the input, in bytes, behind it. */
  readonly end: number;
  /** undefined: it has more bytes than may be kept; they went by unread. */
  readonly bytes: Buffer | undefined;
  readonly size: number;
  /** Of a member's value: the name, as written, with its quotes. */
  readonly name?: Buffer;
  /** Of an array's element: its index, from 0. */
  readonly index?: number;
}

/** Where a file stops being what it claims to be; nothing behind that can be read. */
export interface Break {
  readonly line: number;
  readonly column: number;
  /** The end of a sentence: `expected "," or "]" here`. */
  readonly reason: string;
}

/** Cuts a file into pieces, chunk by chunk, keeping no more than one piece. After a {@link Break} it gives nothing. */
export interface Cutter {
  push(chunk: Buffer): Iterable<Piece | Break>;
  /** The file ended. */
  end(): Iterable<Piece | Break>;
}

export function isBreak(item: object): item is Break {
  return "reason" in item;
}

const NEWLINE = 0x0a;

/** Counts lines and columns along the bytes that it is shown, in their order. */
export class Position {
  line = 1;
  column = 1;

  /** Goes behind these bytes. A character that the bytes cut apart counts as up to two columns. */
  advance(bytes: Buffer): void {
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, start)) {
      this.line += 1;
      this.column = 1;
      start = at + 1;
    }
    if (start < bytes.length) {
      this.column += bytes.toString("utf8", start).length;
    }
  }
}
