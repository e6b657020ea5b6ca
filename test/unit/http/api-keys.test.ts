import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { newApiKey, ownerOf, readApiKeys } from "../../../src/http/api-keys.ts";

const sha256 = (key: string) => `sha256:${hash("sha256", key)}`;

test("a new key is long and random, and its line does not hold it", () => {
  const made = newApiKey({ name: "shop" });
  assert.match(made.key, /^rowpost_[\w-]{43}$/);
  assert.notEqual(made.key, newApiKey({ name: "shop" }).key);
  assert.equal(made.line, `shop: ${sha256(made.key)}`);
  assert.deepEqual(ownerOf(made.key, readApiKeys(made.line).keys ?? []), { name: "shop" });
});

test("a name may have several keys, and hold colons and spaces; comments and empty lines are passed over", () => {
  const text = `# keys\n\nshop: ${sha256("a")}\r\nshop : ${sha256("b").toUpperCase().replace("SHA256", "sha256")}\n  system:x y: ${sha256("c")}\n`;
  const { keys = [], faults } = readApiKeys(text);
  assert.equal(faults, undefined);
  const owners = ["a", "b", "c", "d", ""].map((key) => ownerOf(key, keys)?.name);
  assert.deepEqual(owners, ["shop", "shop", "system:x y", undefined, undefined]);
});

test("every faulty line is told by its number and never repeated", () => {
  const text = `shop: rowpost_secret\nsha256:${"a".repeat(64)}\nok: ${sha256("a")}\nother: ${sha256("a")}\né: ${sha256("b")}`;
  const { keys, faults = [] } = readApiKeys(text);
  assert.equal(keys, undefined);
  assert.deepEqual(
    faults.map((fault) => fault.split(":")[0]),
    ["line 1", "line 2", "line 4", "line 5"],
  );
  assert.match(faults[2] ?? "", /the key of line 3/);
  assert.ok(!faults.join().includes("secret"));
});

test("a file without keys knows nobody", () => {
  assert.deepEqual(readApiKeys("# nothing\n"), { keys: [] });
  assert.equal(ownerOf("", []), undefined);
});
