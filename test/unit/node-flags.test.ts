import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ROWPOST_FLAGS } from "../bench/run-candidate.ts";

const ROOT = join(import.meta.dirname, "../..");
const FLAGS = ROWPOST_FLAGS.join(" ");

test("the program's first line gives Node the flags that the bench measures", async () => {
  const [first] = (await readFile(join(ROOT, "src/cli.ts"), "utf8")).split("\n");
  assert.equal(first, `#!/usr/bin/env -S node ${FLAGS}`);
});

test("so do npm start and npm run rowpost", async () => {
  const text = await readFile(join(ROOT, "package.json"), "utf8");
  const { scripts } = JSON.parse(text) as { scripts: Record<string, string> };
  assert.equal(scripts["rowpost"], `exec node ${FLAGS} src/local/setup.mjs src/cli.ts`);
  assert.equal(scripts["start"], `exec node ${FLAGS} src/local/setup.mjs src/cli.ts dev`);
});
