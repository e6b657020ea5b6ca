import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PROJECT } from "../project.ts";

/** The shipped definitions, which every process loads. */
export const DEFINITIONS = fileURLToPath(new URL("src/tables/definitions/", PROJECT));

const LIBRARY = fileURLToPath(new URL("src/tables/define-table.ts", PROJECT));
const DEFINED = /defineTable\(\{\s*name:\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')/;

/** Where the files of a folder find `defineTable`. */
export function libraryOf(folder: string): string {
  const path = relative(resolve(folder), LIBRARY).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** The definition files of a folder, by the name of their table in lower case; empty when there is no such folder. */
export async function definitionFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const file of await readdir(folder).catch(unlessMissing)) {
    if (!file.endsWith(".ts")) continue;
    const name = DEFINED.exec(await readFile(join(folder, file), "utf8"))?.[1];
    if (name !== undefined) files.set(unquoted(name).toLowerCase(), file);
  }
  return files;
}

/** All names in a folder; empty when it is not there. */
export async function fileNames(folder: string): Promise<Set<string>> {
  return new Set(await readdir(folder).catch(unlessMissing));
}

/** A kebab-case file name for a table that none of `taken` is. */
export function fileNameOf(table: string, taken: ReadonlySet<string>): string {
  const words = table
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase();
  const stem = words.replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "") || "table";
  for (let n = 1; ; n++) {
    const name = n === 1 ? `${stem}.ts` : `${stem}-${n}.ts`;
    if (!taken.has(name)) return name;
  }
}

/**
 * Writes a definition's file. First it is loaded under another name: a definition that can't be meant is not written, and the
 * sentence that says why is returned.
 */
export async function writeDefinition(
  folder: string,
  file: string,
  text: string,
): Promise<string | undefined> {
  await mkdir(folder, { recursive: true });
  const draft = join(resolve(folder), `.${file.replace(/\.ts$/, `-${process.pid}.ts`)}`);
  await writeFile(draft, text);
  const fault = await import(pathToFileURL(draft).href).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  // a folder outside of the project finds no libraries, so nothing can be said of what is in it
  if (fault !== undefined && fault.code !== "ERR_MODULE_NOT_FOUND") {
    await rm(draft);
    return fault.message;
  }
  await rename(draft, join(folder, file));
  return undefined;
}

function unquoted(literal: string): string {
  if (literal.startsWith('"')) return JSON.parse(literal) as string;
  return JSON.parse(`"${literal.slice(1, -1).replaceAll("\\'", "'").replaceAll('"', '\\"')}"`) as string;
}

function unlessMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === "ENOENT") return [];
  throw error;
}
