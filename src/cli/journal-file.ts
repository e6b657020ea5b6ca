import { type FileHandle, open } from "node:fs/promises";
import {
  confirmedLine,
  type Journal,
  lineBegin,
  lostLine,
  type Published,
  sentLine,
} from "../messages/journal.ts";
import { CliError } from "./context.ts";

/** What a journal is written to: a file that is open for appending. */
export type JournalDisk = Pick<FileHandle, "write" | "close">;

export interface JournalOptions {
  /** What becomes of an update whose line the disk does not take: it is not sent, or it is sent all the same. */
  readonly withoutLine: "stop" | "send";
  /** Hears how many lines the disk has just not taken; with `send` also, with 0, when it keeps everybody waiting. */
  readonly lost?: (error: unknown, lines: number) => void;
}

/** With `send`, longest time in ms that an update waits for its line. */
const PATIENCE_MS = 1_000;

/** Lines that wait for a disk which does not answer, at the most: 4 MB. What comes then is lost. */
const MOST_WAITING = 20_000;

const NEWLINE = 0x0a;

/**
 * Opens the journal at `path` to go on behind what it holds. Rejects with a CliError (wrong use). Lines are written as the
 * operating system takes them, without fsync: they outlive the process, not the machine.
 */
export async function openJournal(path: string, options: JournalOptions): Promise<JournalFile> {
  try {
    // Read too, to see whether the last line is whole.
    const disk = await open(path, "a+");
    return new JournalFile(path, disk, options, await endsTorn(disk));
  } catch (error) {
    throw new CliError(`cannot append to the journal ${path}: ${(error as Error).message}`, 2, {
      cause: error,
    });
  }
}

async function endsTorn(disk: FileHandle): Promise<boolean> {
  const found = await disk.stat();
  if (!found.isFile() || found.size === 0) return false;
  const last = Buffer.alloc(1);
  await disk.read(last, 0, 1, found.size - 1);
  return last[0] !== NEWLINE;
}

/**
 * A journal in a file. Lines that come in the same turn of the event loop, or while others are being written, share one
 * write; their order is that in which the updates came. Closing it twice does no harm.
 */
export class JournalFile implements Journal, AsyncDisposable {
  readonly #path: string;
  readonly #disk: JournalDisk;
  readonly #options: JournalOptions;
  /** Lines that wait for the next write, and who waits for it. */
  #waiting = "";
  #count = 0;
  #turn = Promise.withResolvers<void>();
  #writing: Promise<void> | undefined;
  /** The file ends within a line. */
  #torn: boolean;
  /** Lines that are missing and not yet told of in the file. */
  #missing = 0;
  /** A write has lasted longer than {@link PATIENCE_MS}. */
  #stalled = false;
  #failure: Error | undefined;
  /** A publish has been refused for it. */
  #told = false;
  #closed: Promise<void> | undefined;

  constructor(path: string, disk: JournalDisk, options: JournalOptions, torn = false) {
    this.#path = path;
    this.#disk = disk;
    this.#options = options;
    this.#torn = torn;
  }

  async publish(update: Published, send: () => Promise<string>): Promise<string> {
    const stop = this.#options.withoutLine === "stop";
    if (stop) this.#check();
    const begin = lineBegin(update);
    const written = this.#add(sentLine(begin, Date.now()));
    if (stop || !this.#stalled) await written;
    if (stop) this.#check();
    const messageId = await send();
    void this.#add(confirmedLine(begin, Date.now(), messageId));
    return messageId;
  }

  /** Writes what waits. With `stop`, rejects with a CliError when lines are missing, unless a publish has said so. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#writing;
    // Perhaps there is room again, for what is missing to be told.
    if (this.#missing > 0) await this.#write("");
    await this.#disk.close();
    if (this.#options.withoutLine === "stop" && this.#missing > 0 && !this.#told) this.#check();
  }

  #check(): void {
    if (this.#failure === undefined) return;
    this.#told = true;
    const message = `cannot append to the journal ${this.#path}: ${this.#failure.message}`;
    throw new CliError(message, 1, { cause: this.#failure });
  }

  /** Resolves when the line is written, or lost. */
  #add(line: string): Promise<void> {
    if (this.#count >= MOST_WAITING) {
      this.#lose(new Error("the disk does not answer"), 1);
      return Promise.resolve();
    }
    this.#waiting += line;
    this.#count += 1;
    this.#writing ??= this.#writeAll();
    return this.#turn.promise;
  }

  async #writeAll(): Promise<void> {
    while (this.#count > 0) {
      await new Promise(setImmediate);
      const [lines, turn] = [this.#waiting, this.#turn];
      this.#waiting = "";
      this.#count = 0;
      this.#turn = Promise.withResolvers();
      const timer = setTimeout(() => this.#stall(turn), PATIENCE_MS);
      await this.#write(lines);
      turn.resolve();
      clearTimeout(timer);
      this.#stalled = false;
    }
    this.#writing = undefined;
  }

  #stall(turn: PromiseWithResolvers<void>): void {
    if (this.#options.withoutLine === "stop") return;
    this.#stalled = true;
    turn.resolve();
    // … and those who came while it was being written.
    this.#turn.resolve();
    this.#options.lost?.(new Error(`the disk does not answer for ${PATIENCE_MS} ms`), 0);
  }

  /** Writes the lines, or as many of them as the disk takes. */
  async #write(lines: string): Promise<void> {
    const missing = this.#missing;
    const head = (this.#torn ? "\n" : "") + (missing > 0 ? lostLine(missing, Date.now()) : "");
    const bytes = Buffer.from(head + lines);
    let done = 0;
    try {
      while (done < bytes.length) done += (await this.#disk.write(bytes.subarray(done))).bytesWritten;
      this.#torn = false;
      this.#missing -= missing;
    } catch (error) {
      if (done > 0) this.#torn = bytes[done - 1] !== NEWLINE;
      if (done >= head.length) this.#missing -= missing;
      // What has an end among the bytes that were not written.
      this.#lose(error, linesIn(bytes.subarray(Math.max(done, Buffer.byteLength(head)))));
    }
  }

  #lose(error: unknown, lines: number): void {
    this.#failure = error instanceof Error ? error : new Error(String(error));
    this.#missing += lines;
    this.#options.lost?.(error, lines);
  }
}

function linesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}
