import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { VARIABLES } from "../../src/config.ts";
import { cells, spans, tableLines } from "../support/readme.ts";

const ROOT = join(import.meta.dirname, "../..");
const HEAD = "| way to connect | set | tested by | what a mistake looks like |";

test("each way to connect that the README lists has variables that exist, a test, and mistakes that are told so", () => {
  const rows = tableLines(HEAD).map(cells);
  assert(rows.length >= 11);
  const titles = titlesIn(sources("test/integration/**/*.test.ts"));
  const told = sources("test/integration/store/*.test.ts", "test/unit/*.test.ts", "src/store/*.ts");
  let tests: string[] = [];
  for (const [way = "", set = "", tested = "", mistakes = ""] of rows) {
    for (const variable of spans(set)) assert(Object.hasOwn(VARIABLES, variable), `${way}: ${variable}`);
    tests = tested === "the same" ? tests : spans(tested);
    assert(tests.length > 0, way);
    for (const title of tests) assert(titles.has(title), `${way}: there is no test ${title}`);
    assert(spans(mistakes).length > 0, way);
    for (const mistake of spans(mistakes)) {
      assert(
        told.some((text) => holds(text, mistake)),
        `${way}: nobody says ${mistake}`,
      );
    }
  }
});

/** The files' texts, in which what a template puts in is `…`, and a text in two pieces is one. */
function sources(...patterns: readonly string[]): string[] {
  const own = import.meta.filename;
  return globSync(patterns, { cwd: ROOT })
    .map((file) => join(ROOT, file))
    .filter((file) => file !== own)
    .map((file) => readFileSync(file, "utf8").replaceAll(/["`]\s\+\s+["`]/g, ""))
    .map((text) => text.replaceAll(/\$\{[^{}]*\}/g, "…"));
}

/** Whether the words stand on one line; `…` is anything. */
function holds(text: string, words: string): boolean {
  const pattern = words.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(pattern.join(".*")).test(text);
}

/** The titles of tests. */
function titlesIn(texts: readonly string[]): Set<string> {
  const calls = texts.flatMap((text) => [...text.matchAll(/\btest\(\s*(["'`])(.*?)\1,/g)]);
  return new Set(calls.map(([, , title = ""]) => title));
}
