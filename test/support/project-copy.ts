import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "./servers.ts";

const ROOT = join(import.meta.dirname, "../..");
/** The project without what is installed, kept or only read by people. */
const PARTS = [
  "src",
  "test",
  "migrations",
  "schemas",
  "package.json",
  "tsconfig.json",
  "biome.json",
  ".oxlintrc.json",
];

/** A copy of the project, with what is installed linked into it; gone after the test. */
export async function projectCopy(scope: Scope): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "rowpost-copy-"));
  scope.after(() => rm(copy, { recursive: true, force: true }));
  for (const part of PARTS) await cp(join(ROOT, part), join(copy, part), { recursive: true });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}
