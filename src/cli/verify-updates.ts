import { appendFileSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "./context.ts";
import { type Note, type Part, partInFile, partInMemory, UpdateSet } from "./verify-parts.ts";

/** Updates that are held in memory: about 60 MB. */
const IN_MEMORY = 100_000;

/** Files for more than that: of 25 million updates each holds as many as may be in memory. */
const PARTS = 256;

/** Characters that wait for each of these files. */
const WAITING = 32 * 1024;

/**
 * The updates that journals name, each once however many lines speak of it. Up to 100,000 are held in memory, more in files
 * of a temporary folder, apart by their keys, so that each file can be taken by itself. Closing removes them.
 */
export class Updates implements AsyncDisposable {
  readonly #set = new UpdateSet();
  readonly #inMemory: number;
  #spill: Spill | undefined;

  constructor(inMemory = IN_MEMORY) {
    this.#inMemory = inMemory;
  }

  /** Where more than fits into memory is; undefined: nowhere. */
  get folder(): string | undefined {
    return this.#spill?.folder;
  }

  add(note: Note): void {
    if (this.#spill !== undefined) {
      this.#spill.add(note);
      return;
    }
    this.#set.add(note);
    if (this.#set.size > this.#inMemory) this.#spillAll();
  }

  /** After the last line. */
  parts(): readonly Part[] {
    return this.#spill === undefined ? [partInMemory(this.#set.values())] : this.#spill.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#spill !== undefined) await rm(this.#spill.folder, { recursive: true, force: true });
  }

  #spillAll(): void {
    this.#spill = new Spill();
    for (const { key, fingerprint, lastAt, confirmedAt, messageId = "" } of this.#set.values()) {
      const named = { key: key as Note["key"], fingerprint };
      if (confirmedAt !== undefined)
        this.#spill.add({ kind: "confirmed", ...named, at: confirmedAt, messageId });
      if (confirmedAt !== lastAt) this.#spill.add({ kind: "sent", ...named, at: lastAt });
    }
    this.#set.clear();
  }
}

/** Notes in files of their own folder, by their keys. */
class Spill {
  readonly folder: string;
  readonly #waiting: string[] = Array.from({ length: PARTS }, () => "");

  constructor() {
    try {
      this.folder = mkdtempSync(join(tmpdir(), "rowpost-verify-"));
    } catch (error) {
      throw full(tmpdir(), error);
    }
  }

  add(note: Note): void {
    const part = partOf(note.key);
    const waiting = `${this.#waiting[part] ?? ""}${JSON.stringify(note)}\n`;
    this.#waiting[part] = waiting.length < WAITING ? waiting : this.#write(part, waiting);
  }

  end(): Part[] {
    return this.#waiting.map((waiting, part) => {
      this.#waiting[part] = this.#write(part, waiting);
      return partInFile(this.#path(part));
    });
  }

  #write(part: number, text: string): "" {
    try {
      appendFileSync(this.#path(part), text);
    } catch (error) {
      throw full(this.folder, error);
    }
    return "";
  }

  #path(part: number): string {
    return join(this.folder, `${part}.ndjson`);
  }
}

function full(folder: string, cause: unknown): CliError {
  const { message } = cause as Error;
  return new CliError(
    `more than ${IN_MEMORY.toLocaleString("en-US")} updates need a temporary folder, and ${folder} takes no more (${message}); set TMPDIR to one with room for a copy of the journals`,
    1,
    { cause },
  );
}

/** FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/ */
function partOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return (hash >>> 24) ^ (hash & 0xff);
}
