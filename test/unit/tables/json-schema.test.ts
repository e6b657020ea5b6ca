import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Operation, TableDefinition } from "../../../src/tables/definition.ts";
import { registry } from "../../../src/tables/registry.ts";
import { table as accounts } from "./sixth/accounts.ts";

const validators = new Map<TableDefinition, ReturnType<Ajv2020["compile"]>>();

function validatorOf(table: TableDefinition) {
  const validator = validators.get(table) ?? new Ajv2020({ strict: true }).compile(table.jsonSchema());
  validators.set(table, validator);
  return validator;
}

function agrees(table: TableDefinition, changes: readonly Record<string, unknown>[]): boolean[] {
  const validate = validatorOf(table);
  return changes.map((change) => {
    const message = { table: table.name, ...change };
    const valid = table.changes.get(change["op"] as Operation)?.safeParse(message).success === true;
    assert.equal(validate(message), valid, `${JSON.stringify(message)} ${JSON.stringify(validate.errors)}`);
    return valid;
  });
}

test("the printed contract of every shipped table compiles in a strict validator", () => {
  for (const table of [...registry.values(), accounts]) {
    const schema = table.jsonSchema();
    assert.equal(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    validatorOf(table);
    assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema, "it is plain JSON");
    assert.deepEqual(table.jsonSchema(), schema, "and the same each time");
  }
});

test("the printed contract and the schemas of the worker say the same of changes", () => {
  const key = { id: 1 };
  const good = [
    { op: "insert", key, set: { owner: "x" } },
    { op: "update", key, set: { email: "ada@example.com" } },
    { op: "update", key, add: { balance: "-1.50" } },
    { op: "upsert", key: { id: "9007199254740993" } },
    {
      op: "upsert",
      key,
      set: { owner: "x", balance: 12.5, status: "closed", details: [{}], changed_at: null },
    },
    {
      op: "delete",
      key,
      set: { changed_at: "2024-07-11T16:26:32.123456Z" },
      expect: { owner_key: null, created_at: "2024-07-11 00:00:00" },
    },
  ];
  const bad = [
    { op: "insert", key },
    { op: "insert", key, set: {} },
    { op: "insert", set: { owner: "x" } },
    { op: "insert", key, set: { owner: "x" }, expect: {} },
    { op: "update", key },
    { op: "update", key, set: {} },
    { op: "update", key, set: {}, add: {} },
    { op: "update", key, set: { email: "no" } },
    { op: "upsert", key: {} },
    { op: "upsert", key: { id: 1.5 } },
    { op: "upsert", key: { id: -1 } },
    { op: "upsert", key: { id: "1e3" } },
    { op: "upsert", key: { id: null } },
    { op: "upsert", key: { id: 1, owner: "x" } },
    { op: "upsert", key, set: { id: 1 } },
    { op: "upsert", key, set: { nope: 1 } },
    { op: "upsert", key, set: { created_at: "2024-07-11 00:00:00" } },
    { op: "upsert", key, set: { owner: "x".repeat(65) } },
    { op: "upsert", key, set: { owner: null } },
    { op: "upsert", key, set: { status: "Open" } },
    { op: "upsert", key, set: { changed_at: "yesterday" } },
    { op: "upsert", key, set: { balance: "1.005" } },
    { op: "upsert", key, add: { owner: 1 } },
    { op: "upsert", key, add: { balance: null } },
    { op: "delete", key, set: { owner: "x" } },
    { op: "upsert", key, extra: 1 },
  ];
  assert.ok(agrees(accounts, good).every((valid) => valid));
  assert.ok(agrees(accounts, bad).every((valid) => !valid));
});

test("the printed contract and the schemas of the worker say the same of every kind of value", () => {
  const columns = {
    id: p.string().length(9),
    tiny: p.tinyint().nullable(),
    big: p.bigint().unsigned().nullable(),
    dec: p.decimal().precision(5).scale(2).unsigned().nullable(),
    float: p.float().nullable(),
    bool: p.boolean().nullable(),
    bin: p.blob().columnType("binary(4)").nullable(),
    date: p.date().nullable(),
    time: p.time().nullable(),
    year: p.integer().columnType("year").nullable(),
    ruled: p.integer().nullable(),
    flag: p.json(),
  };
  const table = defineTable({
    name: "kinds",
    columns,
    key: "id",
    rules: { ruled: z.number().min(10).max(20) },
  });
  const values: Record<string, readonly [good: readonly unknown[], bad: readonly unknown[]]> = {
    tiny: [
      [-128, 127, "5", "-5.0", null, 1e2],
      [128, -129, 0.5, "", "x", true, {}],
    ],
    big: [
      [0, "18446744073709551615"],
      [-1, "1.5", []],
    ],
    dec: [
      [0, 999, "999.99", "0.5", "00012.3400"],
      [-1, 1000, "1000", "1.005", "1e2", "."],
    ],
    float: [
      [0.1, "1e-3", -5],
      [1e39, "x", false],
    ],
    bool: [
      [true, 0, 1, null],
      [2, "true", []],
    ],
    bin: [
      ["", "AQI=", "AQIDBA=="],
      ["A", "AQIDBAUGBwgJ", "AQ", 5],
    ],
    date: [["2024-02-29"], ["2024-2-9", "2024-13-01", "0999-01-01", "2024-01-32", 5]],
    time: [
      ["-838:59:59", "12:00:00"],
      ["12:00", "12:60:00", 5],
    ],
    year: [
      [1901, 2155, "2000"],
      [1900, 2156, 24.5, "24"],
    ],
    ruled: [
      [10, 20, null],
      [9, 21],
    ],
    flag: [[1, "x", [], {}, false], [null]],
  };
  for (const [name, [good, bad]] of Object.entries(values)) {
    const changes = (list: readonly unknown[]) =>
      list.map((value) => ({ op: "upsert", key: { id: "a" }, set: { [name]: value } }));
    assert.ok(
      agrees(table, changes(good)).every((valid) => valid),
      name,
    );
    assert.ok(
      agrees(table, changes(bad)).every((valid) => !valid),
      name,
    );
  }
  assert.deepEqual(
    agrees(table, [
      { op: "upsert", key: { id: "a b" } },
      { op: "upsert", key: { id: "a " } },
    ]),
    [true, false],
  );
});

test("the printed contract tells people what each column is", () => {
  const table = defineTable({
    name: "t",
    columns: { id: p.bigint(), n: p.integer().comment("How many") },
    key: "id",
  });
  const text = JSON.stringify(table.jsonSchema());
  assert.ok(text.includes("How many: int, an integer from -2147483648 to 2147483647"));
  assert.ok(text.includes("bigint unsigned, an integer from 0 to 18446744073709551615"));
  assert.ok(text.includes("upsert a row of t"));
});
