import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { z } from "zod";
import { HttpProblem } from "../../../src/http/problem.ts";
import { cursorOf, readCursor } from "../../../src/http/row-cursor.ts";
import { keyPath, readKey } from "../../../src/http/row-key.ts";
import { readFilters, readNotIn } from "../../../src/http/row-query.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import type { Value, Values } from "../../../src/tables/definition.ts";
import { registryOf } from "../../../src/tables/registry.ts";

const single = defineTable({
  name: "single",
  columns: { id: p.string().length(100) },
  key: "id",
  rules: { id: z.string().startsWith("new-") },
});
const many = defineTable({
  name: "many",
  columns: {
    text: p.string().length(100),
    number: p.bigint().unsigned().autoincrement(false),
    amount: p.decimal().precision(65).scale(30),
    at: p.datetime(6),
    bytes: p.type("varbinary(20)"),
    open: p.boolean(),
    limit: p.integer(),
    size: p.enum(["small", "large"]).nullable(),
    free: p.integer(),
  },
  key: ["text", "number", "amount", "at", "bytes", "open"],
  indexes: [
    { name: "many_limit", properties: "limit" },
    { name: "many_size", properties: ["size", "free"] },
  ],
});
const registry = registryOf([single, many]);

const text = fc.string({ unit: "grapheme", maxLength: 20 });
const keys: fc.Arbitrary<Values> = fc.record(
  {
    text: fc.oneof(text, fc.string({ unit: fc.constantFrom(",", "~", "0", "1", "%", "/"), maxLength: 8 })),
    number: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    amount: fc
      .bigInt({ min: 0n, max: 10n ** 65n - 1n })
      .map((n) => `${n}`.padStart(31, "0").replace(/(.{30})$/, ".$1")),
    at: fc
      .date({ min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
      .map((date) => `${date.toISOString().slice(0, 23).replace("T", " ")}001`),
    bytes: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("base64")),
    open: fc.boolean(),
  },
  { noNullPrototype: true },
);

function refused(work: () => unknown, pointer: string, says: RegExp): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(error instanceof HttpProblem);
    assert.equal(error.body.status, 400);
    assert.equal(error.body.pointer, pointer);
    assert.match(error.body.detail, says);
    return true;
  });
}

describe("a key in a path", () => {
  it("names one row, whatever its values hold", () => {
    fc.assert(
      fc.property(keys, (key) => {
        const path = keyPath(many, key);
        assert.match(path, /^[\x21-\x7e]*$/);
        assert.doesNotMatch(path, /\//);
        assert.deepEqual(readKey(many, decodeURIComponent(path)), key);
      }),
    );
    fc.assert(
      fc.property(text, (id) => {
        assert.deepEqual(readKey(single, decodeURIComponent(keyPath(single, { id }))), { id });
      }),
    );
  });

  it("of two rows is never the same", () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        assert.equal(
          keyPath(many, a) === keyPath(many, b),
          JSON.stringify(Object.values(a).map(String)) === JSON.stringify(Object.values(b).map(String)),
        );
      }),
    );
  });

  it("is refused when its values are too few, too many, escaped wrongly or of another type", () => {
    refused(() => readKey(many, "a,1"), "/path/key", /has 6 values/);
    refused(() => readKey(many, "a,1,1,2024-01-01T00:00:00Z,,true,7"), "/path/key", /these are 7/);
    refused(() => readKey(many, "a~2,1,1,2024-01-01T00:00:00Z,,true"), "/path/key", /~0/);
    refused(
      () => readKey(many, "a,x,1,2024-01-01T00:00:00Z,,true"),
      "/path/key",
      /number must be an integer/,
    );
    refused(() => readKey(many, "a,1,1,yesterday,,true"), "/path/key", /at must be a time/);
    refused(() => readKey(many, "a,1,1,2024-01-01T00:00:00Z,,1"), "/path/key", /open must be true or false/);
  });
});

describe("a cursor", () => {
  it("leads back to the key that it was made of", () => {
    fc.assert(
      fc.property(keys, (key) => {
        const cursor = cursorOf(many, key);
        assert.match(cursor, /^[\w-]+$/);
        assert.deepEqual(readCursor(many, cursor), Object.values(key));
      }),
    );
  });

  it("of a row that a newer rule would refuse is taken", () => {
    assert.deepEqual(readCursor(single, cursorOf(single, { id: "old " })), ["old "]);
  });

  it("is refused when it is none of this table", () => {
    const encoded = (value: string) => Buffer.from(value).toString("base64url");
    const cursors = [
      "",
      "%",
      "[]",
      encoded("[]"),
      encoded("[1]"),
      encoded('["a","b"]'),
      encoded("[null]"),
      encoded('["\\ud800"]'),
      encoded('{"length":1,"0":"a"}'),
      encoded('["a"'),
      `${encoded('["a"]')}=`,
      encoded("[".repeat(12_000)),
      encoded(`${"[".repeat(6_000)}0.1234567890123456789${"]".repeat(6_000)}`),
    ];
    for (const cursor of cursors)
      refused(() => readCursor(single, cursor), "/query/after", /no cursor of single/);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (cursor) => {
        let values: readonly Value[];
        try {
          values = readCursor(many, cursor);
        } catch (error) {
          assert.ok(error instanceof HttpProblem);
          return;
        }
        assert.equal(values.length, 6);
      }),
    );
  });
});

describe("the filters of a query", () => {
  const read = (query: string) =>
    Object.fromEntries(
      [...readFilters(many, new URLSearchParams(query))].map(([{ name }, value]) => [name, value]),
    );

  it("are the indexed columns, those named like a parameter with a prefix", () => {
    assert.deepEqual(read("text=a%2Cb&limit=5&after=x&notIn=y"), { text: "a,b" });
    assert.deepEqual(read("column.limit=5&column.text="), { limit: 5, text: "" });
    assert.deepEqual(read("isNull=size&isNull=limit"), { size: null, limit: null });
    assert.deepEqual(read("size=large"), { size: "large" });
  });

  it("are refused for other columns, saying which ones there are", () => {
    const indexes = /rows can be asked for by text, limit, size\./;
    refused(() => read("free=1"), "/query/free", indexes);
    refused(() => read("number=1"), "/query/number", /No index of many begins with number/);
    refused(() => read("sise=1"), "/query/sise", /no column "sise" \(did you mean size\?\)/);
    refused(() => read("__proto__=1"), "/query/__proto__", indexes);
    refused(() => read("isNull=free"), "/query/isNull", indexes);
    refused(() => read("a/b~c=1"), "/query/a~1b~0c", indexes);
  });

  it("are refused when the value is none of the column, or there are two", () => {
    refused(() => read("column.limit=5.5"), "/query/column.limit", /limit must be a whole number/);
    refused(() => read("size=medium"), "/query/size", /size must be one of/);
    refused(() => read("text=a&text=b"), "/query/text", /twice/);
    refused(() => read("text=a&isNull=text"), "/query/isNull", /twice/);
  });
});

describe("notIn", () => {
  it("names a column that can hold the key", () => {
    const { table, column } = readNotIn(registry, single, "many.text");
    assert.equal(table, many);
    assert.equal(column.name, "text");
  });

  it("is refused when there is no such table or column, or it can't hold the key", () => {
    const at = "/query/notIn";
    refused(() => readNotIn(registry, single, "mani.text"), at, /no table "mani"; did you mean many\?/);
    refused(() => readNotIn(registry, single, "many"), at, /many has no column ""/);
    refused(() => readNotIn(registry, single, "many.text.x"), at, /many has no column "text.x"/);
    refused(() => readNotIn(registry, single, "many.number"), at, /cannot hold the key id, varchar\(100\)/);
    refused(() => readNotIn(registry, many, "single.id"), at, /The key of many is not one column/);
  });
});
