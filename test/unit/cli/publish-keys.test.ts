import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { RecordKeys } from "../../../src/cli/publish-keys.ts";
import { Occurrences } from "../../../src/cli/publish-occurrences.ts";
import type { Fingerprint } from "../../../src/messages/update.ts";

const print = (text: string) => hash("sha256", text, "hex") as Fingerprint;
const hex = (text: string) => hash("sha256", text, "hex");

/** The keys of records with these contents. */
function keys(contents: readonly string[], sectionRecords?: number, prefix = ""): string[] {
  const made = new RecordKeys({ prefix, random: false }, sectionRecords);
  return contents.map((content, at) => {
    const { key } = made.choose({ number: at + 1, fingerprint: print(content), written: undefined });
    return String(key);
  });
}

test("a key is made from the content and from how often it came before in the file", () => {
  assert.deepEqual(keys(["a", "b", "a", "a", "b"]), [
    `sha256:${hex("a")}`,
    `sha256:${hex("b")}`,
    `sha256:${hex("a")}:2`,
    `sha256:${hex("a")}:3`,
    `sha256:${hex("b")}:2`,
  ]);
});

test("a line put in, taken out or corrected leaves the keys of the others", () => {
  const before = keys(["a", "b", "c", "b"]);
  assert.deepEqual(keys(["x", "a", "b", "c", "b"]).slice(1), before);
  assert.deepEqual(
    keys(["b", "c!", "b"]).filter((_, at) => at !== 1),
    [before[1], before[3]],
  );
});

test("behind the first section the key names the section, so that counting anew makes no key twice", () => {
  assert.deepEqual(keys(["a", "a", "a", "a", "b"], 2), [
    `sha256:${hex("a")}`,
    `sha256:${hex("a")}:2`,
    `sha256:${hex("a")}:1.1`,
    `sha256:${hex("a")}:1.2`,
    `sha256:${hex("b")}:2.1`,
  ]);
});

test("a prefix makes other keys of the same content", () => {
  assert.deepEqual(keys(["a"], undefined, "monday/"), [`monday/sha256:${hex("a")}`]);
});

test("a written key is taken as it is, and does not count as an occurrence", () => {
  const made = new RecordKeys({ prefix: "", random: false });
  const choose = (written: string | undefined) =>
    made.choose({ number: 1, fingerprint: print("a"), written });
  assert.equal(choose("order 7").key, "order 7");
  assert.equal(choose(undefined).key, `sha256:${hex("a")}`);
  for (const bad of ["", " a", "a ", "é", "x".repeat(256)]) {
    assert.equal(choose(bad).rejection?.rule, "idempotency_key", bad);
  }
});

test("random keys are new each time and in order", () => {
  const made = new RecordKeys({ prefix: "", random: true });
  const all = Array.from({ length: 100 }, (_, at) =>
    String(made.choose({ number: at + 1, fingerprint: print("a"), written: undefined }).key),
  );
  assert.equal(new Set(all).size, 100);
  assert.deepEqual(all.toSorted(), all);
});

test("occurrences are counted exactly while the table grows", () => {
  const occurrences = new Occurrences();
  const expected = new Map<number, number>();
  let seed = 1;
  for (let i = 0; i < 60_000; i += 1) {
    seed = (seed * 48_271) % 2_147_483_647;
    const content = seed % 20_000;
    const count = (expected.get(content) ?? 0) + 1;
    expected.set(content, count);
    assert.equal(occurrences.count(print(String(content))), count);
  }
});

test("fingerprints that begin alike are told apart", () => {
  const occurrences = new Occurrences();
  const alike = (low: number) => `00000000${low.toString(16).padStart(8, "0")}` as Fingerprint;
  assert.deepEqual(
    [0, 1, 0, 1, 2].map((low) => occurrences.count(alike(low))),
    [1, 1, 2, 2, 1],
  );
  occurrences.clear();
  assert.equal(occurrences.count(alike(0)), 1);
});
