import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError } from "../../../src/cli/context.ts";
import type { Input } from "../../../src/cli/publish-input.ts";
import { type InputFlags, planInput } from "../../../src/cli/publish-plan.ts";
import { isBreak } from "../../../src/cli/publish-piece.ts";
import { encodingFault, formatByName, sniffFormat } from "../../../src/cli/publish-sniff.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { table as customers } from "../../../src/tables/definitions/customers.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { badges } from "../../support/tables.ts";
import { p } from "@mikro-orm/mysql";

const log = defineTable({
  name: "log",
  columns: { id: p.integer(), text: p.string().length(10) },
  key: "id",
  operations: ["insert"],
});
const registry = registryOf([customers, badges, log]);
const LIMITS = { dataBytes: 1_000, depth: 20, changes: 10 };

function input(name: string, text: string): Input {
  async function* chunks() {
    yield Buffer.from(text);
  }
  const head = Buffer.from(text);
  return { name, size: undefined, head, chunks: chunks(), async [Symbol.asyncDispose]() {} };
}

/** The updates that are read of a text. */
async function updates(name: string, text: string, flags: InputFlags = {}) {
  const plan = planInput(input(name, text), flags, registry, LIMITS);
  const found = [];
  for await (const record of plan.records) {
    assert.ok(!isBreak(record), JSON.stringify(record));
    assert.ok(record.fault === undefined, JSON.stringify(record));
    found.push(plan.shape.shape(record.value, record.name).update);
  }
  return found;
}

function fault(name: string, text: string, flags: InputFlags = {}): string {
  try {
    planInput(input(name, text), flags, registry, LIMITS);
    return "";
  } catch (error) {
    assert.ok(error instanceof CliError && error.exitCode === 2, String(error));
    return error.message;
  }
}

const UPDATE = { table: "customers", op: "upsert", key: { customerID: "c-1" }, set: { firstName: "A" } };
const ROW = { customerID: "c-1", firstName: "A" };
const LINE = JSON.stringify(UPDATE);

test("every shape of the same row gives the same update", async () => {
  const table = { table: "customers" };
  for (const [name, text, flags] of [
    ["f.ndjson", LINE, {}],
    ["f.jsonl", `${LINE}\n`, {}],
    ["f.json", `[${LINE}]`, {}],
    ["f.json", JSON.stringify(UPDATE, null, 2), {}],
    ["f.json", JSON.stringify([ROW]), table],
    ["f.json", '{"c-1":{"firstName":"A"}}', table],
    ["f.json", JSON.stringify({ "c-1": ROW }), table],
    ["f.ndjson", JSON.stringify(ROW), table],
    ["f.csv", "customerID,firstName\nc-1,A", table],
    ["f.tsv", "customerID\tfirstName\nc-1\tA", table],
    ["f.txt", "customerID;firstName\nc-1;A", { ...table, delimiter: ";" }],
    ["f.csv", `[${LINE}]`, { format: "json" }],
    ["standard input", `\n${LINE}\n${LINE}`.slice(1, -LINE.length - 1), {}],
    ["standard input", `[${LINE}]`, {}],
    ["standard input", JSON.stringify(UPDATE, null, 2), {}],
    ["standard input", JSON.stringify(ROW), table],
    ["standard input", '{"c-1":{"firstName":"A"}}', table],
    ["standard input", "customerID,firstName\nc-1,A", table],
  ] as const) {
    assert.deepEqual(await updates(name, text, flags), [UPDATE], `${name}: ${text}`);
  }
});

test("an empty input holds nothing, whatever its format", async () => {
  for (const name of ["f.ndjson", "f.csv", "standard input"]) {
    assert.deepEqual(await updates(name, "", { table: "customers" }), []);
  }
});

test("wrong use is told before anything is read", () => {
  assert.match(
    fault("f.ndjson", "", { table: "custmers" }),
    /no table "custmers"; did you mean customers\?$/,
  );
  assert.match(fault("f.ndjson", "", { table: "x" }), /the tables are customers, badges and log$/);
  assert.match(fault("f.ndjson", "", { op: "delete" }), /^--op is for rows of a --table/);
  assert.match(fault("f.ndjson", "", { table: "log" }), /^log does not allow upsert; say --op with insert$/);
  assert.match(fault("f.csv", "a,b"), /is CSV: say with --table/);
  assert.match(
    fault("f.ndjson", LINE, { delimiter: ";" }),
    /^--delimiter is for CSV; the input is read as ndjson/,
  );
  assert.match(fault("f.json", '{"c-1":{}}'), /begins with "c-1", which is no update/);
  assert.match(fault("f.json", '{"1":{}}', { table: "badges" }), /badges has a key of 2 columns/);
});

test("a file's name promises its format", () => {
  const names = ["a.ndjson", "a.JSONL", "a.json", "b.a.csv", "a.tsv", "a.txt", "csv", "a.csv.gz"];
  assert.deepEqual(names.map(formatByName), [
    "ndjson",
    "ndjson",
    "json",
    "csv",
    "csv",
    undefined,
    undefined,
    undefined,
  ]);
});

test("an input without a name shows its format at its start", () => {
  const columns = new Set(["customerID", "firstName", "account"]);
  const cases: [string, string, Set<string>][] = [
    ["[", "json", new Set()],
    ["\n [{", "json", new Set()],
    ['{"table":"t"}\n{"table"', "ndjson", new Set()],
    ['{"table":"t","se', "ndjson", new Set()],
    ['{\n"table":"t"}', "json", new Set()],
    ['{"c-1":{"firstName":"a"}}', "json", columns],
    ['{"c-1":{"firstName":"a"},\n"c-2":{}}', "json", columns],
    ['{"account":{"id":1},"customerID":"c"}\n', "ndjson", columns],
    ['{"customerID":"c"}\n{"customerID"', "ndjson", columns],
    ["customerID,firstName\n", "csv", columns],
  ];
  for (const [head, format, known] of cases) {
    assert.equal(sniffFormat(Buffer.from(head), known), format, head);
  }
});

test("what can be no text in UTF-8 is told by its first bytes", () => {
  assert.match(encodingFault(Buffer.from([0x1f, 0x8b, 8])) ?? "", /gzip/);
  assert.match(encodingFault(Buffer.from("PK\u0003\u0004")) ?? "", /ZIP/);
  assert.match(encodingFault(Buffer.from("\ufeffa", "utf16le")) ?? "", /iconv/);
  assert.match(encodingFault(Buffer.from("a,b", "utf16le")) ?? "", /iconv/);
  assert.equal(encodingFault(Buffer.from("\ufeffé")), undefined);
});
