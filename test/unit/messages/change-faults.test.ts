import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nearest } from "../../../src/messages/nearest.ts";
import { decode, message, rejectionOf } from "./sample-tables.ts";

const CHANGE = { table: "ledger", op: "upsert", key: { id: 1 } };
const told = (data: object | string) => {
  const { message: _, ...rest } = rejectionOf(data);
  return rest;
};

describe("what a rejection names", () => {
  test("a table that is not there, and the one that was probably meant", () => {
    assert.deepEqual(told({ ...CHANGE, table: "ledgr" }), {
      code: "unknown_table",
      pointer: "/table",
      table: "ledgr",
    });
    assert.match(rejectionOf({ ...CHANGE, table: "ledgr" }).message, /did you mean ledger\?$/);
    assert.match(
      rejectionOf({ ...CHANGE, table: "orders" }).message,
      /the tables are ledger, seats and notes\.$/,
    );
    assert.match(rejectionOf({ ...CHANGE, table: "Ledger" }).message, /did you mean ledger\?$/);
    assert.equal(told({ op: "upsert" }).rule, "required");
  });

  test("an operation that is none, and one that the table does not allow", () => {
    for (const op of ["constructor", "UPSERT", ""]) {
      assert.deepEqual(told({ ...CHANGE, op }), {
        code: "invalid",
        rule: "one_of",
        pointer: "/op",
        table: "ledger",
      });
    }
    const denied = { table: "seats", op: "delete", key: { row: "a", number: 1 } };
    assert.deepEqual(told(denied), { code: "operation_denied", pointer: "/op", table: "seats" });
    assert.equal(rejectionOf(denied).message, "seats: delete is not allowed; allowed: insert.");
  });

  test("a column that is not there, before the columns that are missing for it", () => {
    const typo = { table: "seats", op: "insert", key: { row: "a", nummer: 1 } };
    assert.deepEqual(told(typo), {
      code: "unknown_column",
      pointer: "/key/nummer",
      table: "seats",
      column: "nummer",
    });
    assert.match(rejectionOf(typo).message, /did you mean number\? \(and 1 more fault\)\.$/);
  });

  test("a value's column, pointer and rule", () => {
    const cases: [object, string, string][] = [
      [{ set: { amount: "1e5" } }, "/set/amount", "format"],
      [{ add: { email: 1 } }, "/add/email", "not_numeric"],
      [{ set: { sealed: "x" } }, "/set/sealed", "read_only"],
      [{ set: { id: 2 } }, "/set/id", "key_column"],
      [{ key: { id: -1 } }, "/key/id", "range"],
      [{ key: { id: null } }, "/key/id", "not_null"],
      [{ key: {} }, "/key/id", "required"],
      [{ set: { even: 3 } }, "/set/even", "even"],
      [{ set: { email: "nobody" } }, "/set/email", "format"],
      [{ set: { amount: 1 }, add: { amount: 1 } }, "/add/amount", "set_and_add"],
    ];
    for (const [groups, pointer, rule] of cases) {
      const column = pointer.split("/")[2];
      assert.deepEqual(told({ ...CHANGE, ...groups }), {
        code: "invalid",
        rule,
        pointer,
        table: "ledger",
        column,
      });
    }
  });

  test("a group or a change as a whole", () => {
    assert.deepEqual(told({ table: "seats", op: "insert" }), {
      code: "invalid",
      rule: "required",
      pointer: "/key",
      table: "seats",
    });
    for (const set of [null, [], "x", 1]) {
      assert.deepEqual(told({ ...CHANGE, set }), {
        code: "invalid",
        rule: "type",
        pointer: "/set",
        table: "ledger",
      });
    }
    assert.deepEqual(told({ ...CHANGE, op: "update", set: {} }), {
      code: "invalid",
      rule: "empty_change",
      pointer: "",
      table: "ledger",
    });
    assert.deepEqual(told({ ...CHANGE, sett: {} }), {
      code: "invalid",
      rule: "unknown_member",
      pointer: "/sett",
      table: "ledger",
    });
    assert.deepEqual(told({ ...CHANGE, op: "delete", add: {} }), {
      code: "invalid",
      rule: "unknown_member",
      pointer: "/add",
      table: "ledger",
    });
  });

  test("the first fault, and how many others the whole update has", () => {
    const bad = { ...CHANGE, set: { amount: "x", even: "y" } };
    const rejection = rejectionOf({ changes: [CHANGE, bad, 7, { ...CHANGE, set: { p: 1, q: 2 } }] });
    assert.equal(rejection.pointer, "/changes/1/set/amount");
    assert.match(rejection.message, /\(and 4 more faults\)\.$/);
  });

  test("a rule that throws is the definition's fault and rejects the change, nothing more", () => {
    assert.deepEqual(told({ ...CHANGE, set: { broken: "x" } }), {
      code: "invalid",
      rule: "definition",
      pointer: "",
      table: "ledger",
    });
    assert.match(rejectionOf({ ...CHANGE, set: { broken: "x" } }).message, /the rule itself is wrong\.$/);
  });
});

describe("names that objects inherit", () => {
  test("are unknown members and columns, never ours", () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
      const inGroup = `{"table":"ledger","op":"upsert","key":{"id":1},"set":{"${name}":{"amount":1}}}`;
      assert.deepEqual(told(inGroup), {
        code: "unknown_column",
        pointer: `/set/${name}`,
        table: "ledger",
        column: name,
      });
      const inChange = `{"table":"ledger","op":"upsert","key":{"id":1},"${name}":{"set":{"amount":1}}}`;
      assert.deepEqual(told(inChange), {
        code: "invalid",
        rule: "unknown_member",
        pointer: `/${name}`,
        table: "ledger",
      });
      assert.equal(told(`{"table":"${name}","op":"upsert"}`).code, "unknown_table");
    }
    assert.equal(told('{"__proto__":{"table":"ledger","op":"delete","key":{"id":1}}}').pointer, "/table");
    assert.equal(told('{"changes":[],"__proto__":1}').pointer, "/__proto__");
  });

  test("in a JSON column they are kept as data", () => {
    const meta = '{"__proto__":{"admin":true},"constructor":1}';
    const { update } = decode(
      message(`{"table":"ledger","op":"upsert","key":{"id":1},"set":{"meta":${meta}}}`),
    );
    assert.equal(update?.changes[0]?.set["meta"], meta);
    assert.equal(({} as Record<string, unknown>)["admin"], undefined);
  });
});

describe("what a sentence repeats of the publisher's data", () => {
  const long = "\u001b[31m\u202ex".repeat(10_000);
  const everywhere = [
    { table: long, op: "upsert" },
    { ...CHANGE, op: long },
    { ...CHANGE, set: { [long]: 1 } },
    { ...CHANGE, [long]: 1 },
    { changes: [], [long]: 1 },
    { specversion: long, id: "1", source: "s", type: "t", data: {} },
    { specversion: "1.0", id: "1", source: "s", type: "t", data: { ...CHANGE, set: { [long]: 1 } } },
  ];

  test("is short and does nothing to a terminal", () => {
    for (const data of everywhere) {
      const rejection = rejectionOf(data);
      assert.ok(rejection.message.length < 400, rejection.message);
      assert.doesNotMatch(
        `${rejection.message}${rejection.table}${rejection.column}`,
        /[\u0000-\u001f\u007f-\u009f\u202e]/,
      );
      assert.ok((rejection.pointer?.length ?? 0) <= 255);
      assert.ok((rejection.table?.length ?? 0) <= 64 && (rejection.column?.length ?? 0) <= 64);
    }
    const doubled = rejectionOf(`{${JSON.stringify(long)}:1,${JSON.stringify(long)}:2}`);
    assert.ok(doubled.message.length < 400 && doubled.pointer === "");
    assert.ok(rejectionOf({}, { "content-type": long }).message.length < 400);
    assert.ok(rejectionOf({}, { CloudPubSubDeadLetterSourceSubscription: long }).message.length < 400);
  });

  test("pointers escape what RFC 6901 says", () => {
    assert.equal(rejectionOf({ ...CHANGE, set: { "a/b~c": 1 } }).pointer, "/set/a~1b~0c");
    assert.equal(rejectionOf({ ...CHANGE, set: { "": 1 } }).pointer, "/set/");
  });
});

test("a name is near another when few letters are wrong", () => {
  const known = ["firstName", "lastName", "created_at", "id", "url"];
  const cases = {
    firstname: "firstName",
    first_name: "firstName",
    fristName: "firstName",
    lastNam: "lastName",
    createdAt: "created_at",
    ur: undefined,
    ulr: "url",
    ids: "id",
    x: undefined,
    description: undefined,
    "": undefined,
  };
  for (const [written, meant] of Object.entries(cases)) {
    assert.equal(nearest(written, known), meant, written);
  }
});
