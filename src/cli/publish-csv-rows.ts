import { CsvError, type Info, type Parser, parse } from "csv-parse";

/** One row of CSV as it came. */
export interface CsvRow {
  readonly cells: readonly string[];
  readonly raw: string;
  /** Offset in the file behind it, in bytes. */
  readonly end: number;
}

/** csv-parse, with its rows taken away after each chunk: those before a broken one are not lost with it. */
export class CsvRows {
  #rows: CsvRow[] = [];
  readonly #parser: Parser;

  /** `rowSize`: the characters that one row may have. */
  constructor(delimiter: string, rowSize: number) {
    this.#parser = parse({
      delimiter,
      record_delimiter: ["\r\n", "\n"],
      max_record_size: rowSize,
      relax_column_count: true,
      skip_empty_lines: true,
      raw: true,
      on_record: (row: unknown, info: Info) => {
        const { record, raw } = row as { record: string[]; raw: string };
        this.#rows.push({ cells: record, raw, end: info.bytes });
        return null;
      },
    });
    this.#parser.on("error", () => {}); // what is written tells it, too
  }

  /** Resolves with what is wrong behind the rows that it gave, the end of a sentence; undefined: nothing. */
  write(chunk: Buffer): Promise<string | undefined> {
    return new Promise((settle) => this.#parser.write(chunk, (error) => settle(reasonOf(error))));
  }

  /** The same at the end of the file. */
  end(): Promise<string | undefined> {
    return new Promise((settle) => this.#parser.end((error?: unknown) => settle(reasonOf(error))));
  }

  /** The rows since the last call. */
  take(): readonly CsvRow[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }
}

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  switch (error instanceof CsvError ? error.code : undefined) {
    case "CSV_INVALID_CLOSING_QUOTE":
      return "text follows a closing quote in this row (a quote inside a cell is written twice)";
    case "INVALID_OPENING_QUOTE":
      return "a quote stands inside a cell of this row that does not begin with one";
    case "CSV_QUOTE_NOT_CLOSED":
      return "a quote is opened in this row and never closed";
    case "CSV_MAX_RECORD_SIZE":
      return "this row is too large to be read; is a closing quote missing?";
    default:
      return error.message;
  }
}
