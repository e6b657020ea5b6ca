import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Registry } from "../tables/definition.ts";
import { printSchemas } from "./print-schemas.ts";

/** How a file of the folder departs from the contract that the code prints. */
export interface SchemaDrift {
  /** Relative to the folder, with `/`. */
  readonly file: string;
  readonly kind: "missing" | "outdated" | "left_over";
}

/**
 * Compares a folder with the contract: every printed file is there and equal, those of `more` (file name → text) too, and no
 * table's file is left over. Other files, such as the examples, are not looked at. A folder that does not exist lacks
 * everything.
 */
export async function driftOfSchemas(
  folder: string,
  registry: Registry,
  mostChanges: number,
  more: ReadonlyMap<string, string> = new Map(),
): Promise<SchemaDrift[]> {
  const printed = new Map([...printSchemas(registry, mostChanges), ...more]);
  const drift: SchemaDrift[] = [];
  for (const [file, text] of printed) {
    const found = await unlessMissing(readFile(join(folder, file), "utf8"));
    if (found !== text) {
      drift.push({ file, kind: found === undefined ? "missing" : "outdated" });
    }
  }
  for (const name of ((await unlessMissing(readdir(join(folder, "tables")))) ?? []).sort()) {
    const file = `tables/${name}`;
    if (name.endsWith(".schema.json") && !printed.has(file)) {
      drift.push({ file, kind: "left_over" });
    }
  }
  return drift;
}

/** Makes the folder's schemas those of the code and returns what it had to change. Rejects with the file system's errors. */
export async function writeSchemas(
  folder: string,
  registry: Registry,
  mostChanges: number,
  more: ReadonlyMap<string, string> = new Map(),
): Promise<SchemaDrift[]> {
  const printed = new Map([...printSchemas(registry, mostChanges), ...more]);
  const drift = await driftOfSchemas(folder, registry, mostChanges, more);
  for (const { file } of drift) {
    const path = join(folder, file);
    const text = printed.get(file);
    if (text === undefined) {
      await rm(path);
    } else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }
  return drift;
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
