import assert from "node:assert/strict";
import test from "node:test";
import { parseFilter } from "../../../../src/local/broker/filter.ts";
import { StatusError } from "../../../../src/local/broker/status-error.ts";

const ATTRIBUTES = new Map(
  Object.entries({ domain: "com", region: "us-east", "a/b": "1", empty: "", "x-y_z": "2" }),
);

const CASES: Readonly<Record<string, boolean>> = {
  "attributes:domain": true,
  "attributes:missing": false,
  'attributes:"a/b"': true,
  "attributes:x-y_z": true,
  'attributes.domain="com"': true,
  'attributes.domain = "COM"': false,
  'attributes.domain != "com"': false,
  'attributes.missing != "com"': true,
  'attributes.empty = ""': true,
  'hasPrefix(attributes.region, "us-")': true,
  'hasPrefix(attributes.region, "")': true,
  'hasPrefix(attributes.missing, "")': false,
  "NOT attributes:missing": true,
  "-attributes:domain": false,
  "NOT NOT attributes:domain": true,
  "NOT attributes:domain AND attributes:missing": false,
  "NOT (attributes:domain AND attributes:missing)": true,
  "attributes:domain AND attributes:region AND attributes:empty": true,
  "attributes:missing OR attributes:no OR attributes:domain": true,
  'attributes:domain AND (attributes:missing OR attributes.region = "us-east")': true,
  "((attributes:domain))": true,
  'attributes.domain = "\\x63\\u006F\\U0000006d"': true,
  'attributes."a\\/b" = "\\61"': true,
};

test("a filter lets through what it says", () => {
  for (const [filter, expected] of Object.entries(CASES)) {
    assert.equal(parseFilter(filter)(ATTRIBUTES), expected, filter);
  }
});

test("what is no filter is refused, with what is wrong", () => {
  const bad = [
    "",
    "attributes",
    "attributes.",
    "attributes:",
    "attributes.a = b",
    'attributes.a == "b"',
    'attributes.a = "b',
    'attributes.a = "\\q"',
    'attributes.a = "\\UFFFFFFFF"',
    'attributes.a < "b"',
    "attributes:a AND",
    "attributes:a attributes:b",
    "attributes:a AND attributes:b OR attributes:c",
    "attributes:a or attributes:b",
    "(attributes:a",
    "attributes:a)",
    "NOT",
    'hasPrefix(attributes.a "b")',
    "hasPrefix(attributes:a)",
    'hasSuffix(attributes.a, "b")',
    'data = "x"',
    `attributes:${"ä".repeat(128)}`,
  ];
  for (const filter of bad) assert.throws(() => parseFilter(filter), StatusError, filter);
});
