import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type { Rejection } from "../messages/rejection.ts";
import { canonicalJson } from "../tables/canonical-json.ts";
import { CliError } from "./context.ts";
import { printable } from "./printable.ts";
import type { InputRecord, Original } from "./publish-record.ts";

/** Why a record was not published: refused before it was sent, or `failed` at the broker. */
export type Refusal = Omit<Rejection, "code"> & { readonly code: Rejection["code"] | "failed" };

/** `customers.csv:17: invalid /firstName: customers: column …`, safe on a terminal. */
export function refusalText(file: string, { line }: Pick<InputRecord, "line">, refusal: Refusal): string {
  const { code, pointer, message } = refusal;
  return printable(`${file}:${line}: ${code}${pointer ? ` ${pointer}` : ""}: ${message}`);
}

/** One line of NDJSON: where the record stands, why it was refused, and the record itself. */
export function refusalLine(record: InputRecord, refusal: Refusal): string {
  const { code, pointer, rule, message } = refusal;
  const facts = { line: record.line, record: record.number, code, pointer, rule, message };
  return `${JSON.stringify(facts).slice(0, -1)},"original":${originalText(record.original)}}`;
}

/** JSON stands as it was written, digit for digit, on one line; other text in a string. */
function originalText(original: Original | undefined): string {
  if (original === undefined) {
    return "null";
  }
  const text = original.bytes.toString("utf8");
  // between the tokens of JSON a line break is as good as a space, and inside of strings there is none
  return original.json ? text.replace(/[\r\n]+\s*/g, " ") : canonicalJson(text);
}

/** The file that keeps all refused records (NDJSON). Closing it twice does no harm. */
export class RefusedFile implements AsyncDisposable {
  readonly #stream: WriteStream;
  #failure: Error | undefined;

  private constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#failure = error;
    });
  }

  /** Opens the file: empty, or to go on behind what it holds. Rejects with a CliError (wrong use). */
  static async open(path: string, goOn: boolean): Promise<RefusedFile> {
    const stream = createWriteStream(path, { flags: goOn ? "a" : "w" });
    try {
      await once(stream, "open");
    } catch (error) {
      const { message } = error as Error;
      throw new CliError(`cannot write ${path}: ${message}`, 2, { cause: error });
    }
    return new RefusedFile(stream);
  }

  get path(): string {
    return String(this.#stream.path);
  }

  /** Adds a line. */
  add(line: string): void {
    this.#stream.write(`${line}\n`);
  }

  /** Resolves when the disk has taken most of what was added. Rejects with a CliError when it does not. */
  async room(): Promise<void> {
    while (this.#stream.writableNeedDrain && this.#failure === undefined) {
      await Promise.race([once(this.#stream, "drain"), once(this.#stream, "close")]).catch(() => {});
    }
    this.#check();
  }

  /** Rejects with a CliError when something that was added is not on the disk. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stream.closed) {
      const closed = new Promise<void>((resolve) => this.#stream.once("close", resolve));
      this.#stream.end();
      await closed;
    }
    this.#check();
  }

  /** Says once what went wrong. */
  #check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) {
      throw new CliError(`cannot write ${this.path}: ${failure.message}`, 1, { cause: failure });
    }
  }
}
