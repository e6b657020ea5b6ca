import type { Rejection } from "../messages/rejection.ts";
import { type CsvColumn, readCells } from "./publish-cells.ts";
import { type CsvRow, CsvRows } from "./publish-csv-rows.ts";
import { LineIndex } from "./publish-line-index.ts";
import type { Break } from "./publish-piece.ts";
import type { InputRecord, InputRecords } from "./publish-record.ts";
import { Utf8Check } from "./publish-utf8.ts";

/** How a CSV file is to be read. */
export interface CsvOptions {
  /** The one character between two cells. */
  readonly delimiter: string;
  /** Characters that one row may have. */
  readonly rowSize: number;
  /** From the header's cells to the columns, in their order. May throw a CliError. */
  columns(header: readonly string[]): readonly CsvColumn[];
}

const NOT_UTF8 = "the text is not UTF-8; convert the file, as with `iconv -f windows-1252 -t utf-8`";

/**
 * Reads CSV (RFC 4180; a LF will do for CRLF, blank lines are left out) whose first row is the header. Each row becomes
 * an object of its cells. A row with more or fewer cells than the header is a record with a fault. Quotes that are not
 * in order break the file, since nobody knows where the row ends; so does text that is not UTF-8.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, options: CsvOptions): InputRecords {
  const rows = new CsvRows(options.delimiter, options.rowSize);
  const reader = new RowReader(options);
  const utf8 = new Utf8Check();
  for await (const chunk of chunks) {
    reader.see(chunk);
    const bad = utf8.fault(chunk);
    const reason = await rows.write(chunk.subarray(0, bad));
    if (reason === undefined && bad !== undefined && bad > 0) {
      await rows.end(); // it holds the last row back until it sees the next one
    }
    yield* reader.read(rows.take());
    if (reason !== undefined) {
      yield reader.breakBehind(reason);
      return;
    }
    if (bad !== undefined) {
      yield reader.breakAt(chunk.length - bad, NOT_UTF8);
      return;
    }
  }
  const reason = await rows.end();
  yield* reader.read(rows.take());
  if (reason !== undefined || utf8.endsEarly()) {
    yield reader.breakBehind(reason ?? NOT_UTF8);
  }
}

/** From rows to records: their columns, numbers and lines. */
class RowReader {
  readonly #options: CsvOptions;
  readonly #index = new LineIndex();
  #columns: readonly CsvColumn[] | undefined;
  #number = 0;
  /** Bytes seen, and where in them the last row ends. */
  #size = 0;
  #end = 0;

  constructor(options: CsvOptions) {
    this.#options = options;
  }

  see(chunk: Buffer): void {
    this.#index.add(chunk);
    this.#size += chunk.length;
  }

  *read(rows: readonly CsvRow[]): Generator<InputRecord> {
    for (const row of rows) {
      const line = this.#lineOf(row);
      this.#end = row.end;
      if (this.#columns === undefined) {
        this.#columns = this.#options.columns(row.cells);
      } else if (!isBlank(row.cells, this.#columns)) {
        this.#number += 1;
        yield recordOf(row, this.#columns, this.#number, line);
      }
    }
  }

  /** A break in the row behind the last one. */
  breakBehind(reason: string): Break {
    return { line: this.#index.linesBefore(this.#end) + 1, column: 1, reason };
  }

  /** A break so many bytes before the end of what was seen. */
  breakAt(back: number, reason: string): Break {
    return { line: this.#index.linesBefore(this.#size - back) + 1, column: 1, reason };
  }

  /** csv-parse's own count goes wrong where a quoted cell holds CRLF. */
  #lineOf({ raw, end }: CsvRow): number {
    const ended = /[\r\n]$/.test(raw) ? 1 : 0;
    const inside = withoutEnds(raw).split("\n").length - 1;
    return this.#index.linesBefore(end) - ended - inside + 1;
  }
}

function recordOf(row: CsvRow, columns: readonly CsvColumn[], number: number, line: number): InputRecord {
  const bytes = Buffer.from(withoutEnds(row.raw));
  const at = { number, line, end: row.end, pointer: "", original: { bytes, json: false } };
  if (row.cells.length !== columns.length) {
    return { ...at, fault: wrongCells(row.cells.length, columns.length) };
  }
  const read = readCells(row.cells, columns);
  return read.fault === undefined ? { ...at, value: read.value } : { ...at, fault: read.fault };
}

function wrongCells(cells: number, columns: number): Rejection {
  const message = `The row has ${cells} ${cells === 1 ? "cell" : "cells"}; the header has ${columns}.`;
  return { code: "malformed", rule: "cells", message };
}

/** A line of blanks is one cell of blanks to the parser. */
function isBlank(cells: readonly string[], columns: readonly CsvColumn[]): boolean {
  return cells.length === 1 && columns.length > 1 && cells[0]?.trim() === "";
}

/** A row's text without the ends of lines around it, which the parser leaves on. */
function withoutEnds(raw: string): string {
  return raw.replace(/^[\r\n]+|[\r\n]+$/g, "");
}
