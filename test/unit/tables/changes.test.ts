import assert from "node:assert/strict";
import { test } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Operation, TableDefinition } from "../../../src/tables/definition.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";
import { table as accounts } from "./sixth/accounts.ts";

/** The parsed change, or what is wrong with it as `path rule`. */
function parse(change: Record<string, unknown>, table: TableDefinition = accounts): unknown {
  const schema = table.changes.get(change["op"] as Operation);
  const result = schema?.safeParse({ table: table.name, ...change });
  if (result === undefined || result.success) {
    return result?.data;
  }
  return result.error.issues.map((issue) => {
    const rule = issue.code === "custom" ? issue.params?.["rule"] : issue.code;
    const keys = issue.code === "unrecognized_keys" ? ` ${issue.keys.join(",")}` : "";
    return `/${issue.path.join("/")} ${rule}${keys}`;
  });
}

test("a change comes out in canonical values", () => {
  assert.deepEqual(
    parse({
      op: "upsert",
      key: { id: new LosslessNumber("9007199254740993") },
      set: { owner: "Ada", changed_at: "2024-07-11T16:26:32.5+02:00", details: { b: 1, a: [] }, email: null },
      add: { balance: "-25" },
      expect: { status: "open", owner_key: "ada" },
    }),
    {
      table: "accounts",
      op: "upsert",
      key: { id: 9007199254740993n },
      set: { owner: "Ada", changed_at: "2024-07-11 14:26:32.500000", details: '{"a":[],"b":1}', email: null },
      add: { balance: "-25.00" },
      expect: { status: "open", owner_key: "ada" },
    },
  );
});

test("a group that is left out stays out", () => {
  assert.deepEqual(parse({ op: "upsert", key: { id: 1 } }), {
    table: "accounts",
    op: "upsert",
    key: { id: 1n },
  });
  assert.deepEqual(parse({ op: "delete", key: { id: 1 } }), {
    table: "accounts",
    op: "delete",
    key: { id: 1n },
  });
});

test("unknown names are reported where they are, whatever they are called", () => {
  const nasty = JSON.parse('{"__proto__":1,"constructor":2,"toString":3,"nope":4}') as Record<
    string,
    unknown
  >;
  const names = "__proto__,constructor,toString,nope";
  assert.deepEqual(parse({ op: "upsert", key: { id: 1 }, set: nasty }), [`/set unrecognized_keys ${names}`]);
  assert.deepEqual(parse({ op: "upsert", key: { id: 1 }, add: nasty }), [`/add unrecognized_keys ${names}`]);
  assert.deepEqual(parse({ op: "upsert", key: { id: 1 }, expect: nasty }), [
    `/expect unrecognized_keys ${names}`,
  ]);
  const key = JSON.parse('{"id":1,"__proto__":2}') as Record<string, unknown>;
  assert.deepEqual(parse({ op: "upsert", key }), ["/key unrecognized_keys __proto__"]);
  assert.deepEqual(parse({ op: "upsert", key: { id: 1 }, sett: {} }), ["/ unrecognized_keys sett"]);
});

test("nothing is added to a version column, though it is a number", () => {
  const columns = { id: p.integer(), n: p.integer(), v: p.bigint() };
  const table = defineTable({ name: "t", columns, key: "id", version: "v" });
  assert.deepEqual(parse({ op: "update", key: { id: 1 }, add: { v: 1 } }, table), ["/add/v version_column"]);
  assert.deepEqual(parse({ op: "update", key: { id: 1 }, add: { n: 1 }, set: { v: 2 } }, table), {
    table: "t",
    op: "update",
    key: { id: 1 },
    set: { v: 2n },
    add: { n: 1n },
  });
});

test("a known name in the wrong group says why", () => {
  const key = { id: 1 };
  const cases: [Record<string, unknown>, string[]][] = [
    [{ op: "upsert", key, set: { id: 1 } }, ["/set/id key_column"]],
    [{ op: "upsert", key, set: { owner_key: "x" } }, ["/set/owner_key read_only"]],
    [{ op: "upsert", key, set: { created_at: "2024-01-01T00:00:00" } }, ["/set/created_at read_only"]],
    [{ op: "upsert", key, add: { created_at: 1 } }, ["/add/created_at read_only"]],
    [{ op: "upsert", key, add: { owner: 1 } }, ["/add/owner not_numeric"]],
    [{ op: "upsert", key, add: { changed_at: 1 } }, ["/add/changed_at version_column"]],
    [{ op: "upsert", key, add: { id: 1 } }, ["/add/id key_column"]],
    [{ op: "upsert", key: { id: 1, owner: "x" } }, ["/key/owner not_key"]],
    [{ op: "delete", key, set: { owner: "x" } }, ["/set/owner delete_set"]],
    [
      { op: "upsert", key, set: { id: 1, nope: 1, owner: 5 } },
      ["/set/owner type", "/set unrecognized_keys nope", "/set/id key_column"],
    ],
  ];
  for (const [change, expected] of cases) {
    assert.deepEqual(parse(change), expected, JSON.stringify(change));
  }
});

test("an update does something, and one thing to each column", () => {
  const key = { id: 1 };
  assert.deepEqual(parse({ op: "update", key }), ["/ empty_change"]);
  assert.deepEqual(parse({ op: "update", key, set: {}, add: {} }), ["/ empty_change"]);
  assert.deepEqual(parse({ op: "update", key, set: { balance: 1 }, add: { balance: 1 } }), [
    "/add/balance set_and_add",
  ]);
  assert.deepEqual(parse({ op: "upsert", key, set: { balance: 1 }, add: { balance: 1 } }), [
    "/add/balance set_and_add",
  ]);
  assert.deepEqual(parse({ op: "update", key, add: { balance: 1 } }), {
    table: "accounts",
    op: "update",
    key: { id: 1n },
    add: { balance: "1.00" },
  });
});

test("an insert needs the columns that have no default, and expects nothing", () => {
  const key = { id: 1 };
  assert.deepEqual(parse({ op: "insert", key, set: { status: "open" } }), ["/set/owner required"]);
  assert.deepEqual(parse({ op: "insert", key }), ["/set invalid_type"]);
  assert.deepEqual(parse({ op: "insert", key, set: { owner: "x" }, expect: {} }), [
    "/ unrecognized_keys expect",
  ]);
  assert.deepEqual(parse({ op: "insert", key, set: { owner: "x" }, add: {} }), ["/ unrecognized_keys add"]);
  assert.deepEqual(parse({ op: "insert", set: { owner: "x" } }), ["/key invalid_type"]);
});

test("an insert may leave an auto-increment key to the server", () => {
  const columns = { id: p.integer(), n: p.integer().nullable() };
  const table = defineTable({ name: "t", columns, key: "id" });
  assert.deepEqual(parse({ op: "insert", set: { n: 1 } }, table), {
    table: "t",
    op: "insert",
    set: { n: 1 },
  });
  assert.deepEqual(parse({ op: "insert" }, table), { table: "t", op: "insert" });
  assert.deepEqual(parse({ op: "insert", key: { id: 7 } }, table), {
    table: "t",
    op: "insert",
    key: { id: 7 },
  });
  assert.deepEqual(parse({ op: "upsert", set: { n: 1 } }, table), ["/key invalid_type"]);
  assert.deepEqual(parse({ op: "insert", key: {} }, table), ["/key/id required"]);
});

test("a delete may carry the version and nothing else to set", () => {
  const set = { changed_at: "2024-01-01T00:00:00" };
  assert.deepEqual(parse({ op: "delete", key: { id: 1 }, set }), {
    table: "accounts",
    op: "delete",
    key: { id: 1n },
    set: { changed_at: "2024-01-01 00:00:00.000000" },
  });
  const plain = defineTable({ name: "t", columns: { id: p.integer(), n: p.integer() }, key: "id" });
  assert.deepEqual(parse({ op: "delete", key: { id: 1 }, set: {} }, plain), ["/ unrecognized_keys set"]);
  assert.deepEqual(parse({ op: "delete", key: { id: 1 }, expect: { n: 1 } }, plain), {
    table: "t",
    op: "delete",
    key: { id: 1 },
    expect: { n: 1 },
  });
});

test("a composite key needs all of its columns", () => {
  const columns = { b: p.string().length(9), n: p.integer(), a: p.integer() };
  const table = defineTable({ name: "t", columns, key: ["a", "b"] });
  assert.deepEqual(
    table.key.map((column) => column.name),
    ["a", "b"],
  );
  assert.deepEqual(parse({ op: "upsert", key: { a: 1 } }, table), ["/key/b required"]);
  assert.deepEqual(parse({ op: "upsert", key: { b: "x", a: 1 } }, table), {
    table: "t",
    op: "upsert",
    key: { a: 1, b: "x" },
  });
});

test("null follows the column, in set and in expect", () => {
  const key = { id: 1 };
  assert.deepEqual(parse({ op: "upsert", key, set: { owner: null } }), ["/set/owner not_null"]);
  assert.deepEqual(parse({ op: "upsert", key, expect: { owner: null } }), ["/expect/owner not_null"]);
  assert.deepEqual(parse({ op: "upsert", key: { id: null } }), ["/key/id not_null"]);
  assert.deepEqual((parse({ op: "upsert", key, expect: { email: null } }) as { expect: unknown }).expect, {
    email: null,
  });
});

test("a rule judges what is set, but not what a row is expected to hold, and it holds after an addition", () => {
  const key = { id: 1 };
  assert.deepEqual(parse({ op: "upsert", key, set: { email: "no" } }), ["/set/email invalid_format"]);
  assert.deepEqual((parse({ op: "upsert", key, set: { email: null } }) as { set: unknown }).set, {
    email: null,
  });
  assert.deepEqual((parse({ op: "upsert", key, expect: { email: "no" } }) as { expect: unknown }).expect, {
    email: "no",
  });
  assert.deepEqual(parse({ op: "upsert", key, set: { balance: "-1" } }), ["/set/balance invalid_format"]);
  const balance = accounts.columns.get("balance");
  assert.equal(balance?.plus("10.00", "-10.00"), "0.00");
  assert.equal(balance?.plus("10.00", "-10.01"), undefined);
});

test("a number is not an object, even one that is kept digit for digit", () => {
  const columns = { id: p.integer(), text: p.string().length(50).nullable() };
  const table = defineTable({ name: "t", columns, key: "id" });
  const number = new LosslessNumber("12345678901234567890");
  assert.deepEqual(parse({ op: "upsert", key: { id: 1 }, set: number }, table), ["/set invalid_type"]);
  assert.deepEqual(parse({ op: "upsert", key: number }, table), ["/key invalid_type"]);
});

test("a message says in words what the publisher can do", () => {
  const schema = accounts.changes.get("update");
  const change = {
    table: "accounts",
    op: "update",
    key: { id: "x" },
    set: { owner: "a".repeat(65), balance: "1.005" },
  };
  const messages = schema?.safeParse(change).error?.issues.map((issue) => issue.message);
  assert.deepEqual(messages, [
    "must be an integer, as a JSON number or a string of digits",
    "must be at most 64 characters long",
    "must have at most 2 digits after the point; nothing is rounded",
  ]);
});

test("no JSON makes a schema throw, and what it lets pass has own members only", () => {
  const groups = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...accounts.columns.keys()), fc.jsonValue()),
  );
  const changes = fc.record(
    { table: fc.constant("accounts"), key: groups, set: groups, add: groups, expect: groups },
    { requiredKeys: ["table", "key"] },
  );
  fc.assert(
    fc.property(fc.constantFrom(...accounts.operations), fc.oneof(changes, fc.jsonValue()), (op, value) => {
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      const change = isObject ? { ...value, op } : value;
      const result = accounts.changes.get(op)?.safeParse(change);
      for (const group of result?.success ? [result.data, result.data.set, result.data.key] : []) {
        assert.ok(group === undefined || Object.getPrototypeOf(group) === Object.prototype);
      }
    }),
  );
  for (const column of accounts.columns.values()) {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.string(), fc.double()), (value) => {
        column.wire.safeParse(value);
        column.delta?.safeParse(value);
      }),
    );
  }
});
