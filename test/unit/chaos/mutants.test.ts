import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { changed, MUTANTS } from "../../support/mutants.ts";

for (const mutant of MUTANTS) {
  test(`the code that the mutant "${mutant.name}" breaks is there`, () => {
    const text = readFileSync(join(import.meta.dirname, "../../..", mutant.file), "utf8");
    assert.notEqual(changed(mutant, text), text);
  });
}
