import { readFile, writeFile } from "node:fs/promises";
import type { JournalLine } from "../messages/journal.ts";
import type { PublishedUpdate, Standing } from "./verify-standing.ts";

/** A line of a journal that speaks of an update. */
export type Note = Exclude<JournalLine, { kind: "lost" }>;

/** An update and how it stands; undefined: nobody has looked. */
export interface Found {
  readonly update: PublishedUpdate;
  readonly standing: Standing | undefined;
}

/** Some of the updates of the journals, each once, in the order in which the journals first name them. */
export interface Part {
  /** What is left of it: all, or what was kept last. */
  found(): Promise<readonly Found[]>;
  /** Keeps only these. */
  keep(found: readonly Found[]): Promise<void>;
}

/** Updates by what names them; a few may share one key. */
export class UpdateSet {
  readonly #updates = new Map<string, PublishedUpdate>();

  get size(): number {
    return this.#updates.size;
  }

  /** Adds what the line says to what others have said of the same update. */
  add(note: Note): void {
    const { key, fingerprint, at } = note;
    // No key holds a NUL.
    let name: string = key;
    let known = this.#updates.get(name);
    while (known !== undefined && known.fingerprint !== fingerprint) {
      name += "\0";
      known = this.#updates.get(name);
    }
    const confirmed = note.kind === "confirmed" && !(at < (known?.confirmedAt ?? at));
    this.#updates.set(name, {
      key,
      fingerprint,
      lastAt: Math.max(at, known?.lastAt ?? at),
      confirmedAt: confirmed ? at : known?.confirmedAt,
      messageId: confirmed ? note.messageId : known?.messageId,
    });
  }

  values(): IterableIterator<PublishedUpdate> {
    return this.#updates.values();
  }

  clear(): void {
    this.#updates.clear();
  }
}

/** A part that is small enough for memory. */
export function partInMemory(updates: Iterable<PublishedUpdate>): Part {
  let kept: readonly Found[] = Array.from(updates, (update) => ({ update, standing: undefined }));
  return {
    found: async () => kept,
    keep: async (found) => {
      kept = found;
    },
  };
}

/** A part in a file, each line a note; what is kept takes its place, each line one that was found. */
export function partInFile(path: string): Part {
  let looked = false;
  return {
    found: async () => {
      const lines = (await readFile(path, "utf8")).split("\n").slice(0, -1);
      if (looked) return lines.map((line) => JSON.parse(line) as Found);
      const updates = new UpdateSet();
      for (const line of lines) updates.add(JSON.parse(line) as Note);
      return Array.from(updates.values(), (update) => ({ update, standing: undefined }));
    },
    keep: async (found) => {
      await writeFile(path, found.map((one) => `${JSON.stringify(one)}\n`).join(""));
      looked = true;
    },
  };
}
