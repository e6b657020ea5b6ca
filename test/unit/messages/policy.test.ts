import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { operatorRefusal, type Policy, readRefusal, refusalOf } from "../../../src/messages/policy.ts";
import { readPolicy } from "../../../src/messages/read-policy.ts";
import type { Update } from "../../../src/messages/update.ts";
import { decode, message, sampleRegistry } from "./sample-tables.ts";

const DOCUMENT = `
version: 1
principals:
  shop@example.org:
    tables:
      ledger: { operations: [upsert, update], columns: [amount, meta] }
      seats: { operations: all, columns: all }
    read: [ledger]
  seats-only:
    tables: { "*": { operations: [insert], columns: all }, ledger: { operations: [delete] } }
  operator: { read: all, operator: true }
`;

function policyOf(text: string): Policy {
  const { policy, faults } = readPolicy(parse(text), sampleRegistry);
  assert.ok(policy !== undefined, faults?.join("\n"));
  return policy;
}

function faultsOf(document: unknown): readonly string[] {
  return readPolicy(document, sampleRegistry).faults ?? [];
}

function updateOf(update: object): Update {
  const decoded = decode(message(update));
  assert.ok(decoded.update !== undefined, decoded.rejection?.message);
  return decoded.update;
}

const policy = policyOf(DOCUMENT);
const ledger = (more: object) => ({ table: "ledger", op: "upsert", key: { id: 1 }, ...more });
const seat = { table: "seats", op: "insert", key: { row: "A", number: 1 }, set: { guest: "Ada" } };
const note = { table: "notes", op: "insert", set: { body: "x" } };
const refusal = (principal: string, update: object) => refusalOf(policy, principal, updateOf(update));

describe("refusalOf", () => {
  test("what is granted is not refused: table, operation and columns, the key without a grant", () => {
    assert.equal(refusal("shop@example.org", ledger({ set: { amount: "1", meta: {} } })), undefined);
    assert.equal(refusal("shop@example.org", ledger({})), undefined);
    assert.equal(refusal("shop@example.org", seat), undefined);
  });

  test("set, add and expect need a grant of each column, and the pointer leads to the first without", () => {
    for (const group of ["set", "add", "expect"]) {
      const other = group === "set" ? {} : { set: { amount: "1" } };
      const change = ledger({ op: "update", ...other, [group]: { even: 2 } });
      assert.deepEqual(refusal("shop@example.org", { changes: [ledger({}), change] }), {
        code: "forbidden",
        rule: "grant",
        message: `The principal "shop@example.org" has no grant for the column even of ledger (in ${group}).`,
        pointer: `/changes/1/${group}/even`,
        table: "ledger",
        column: "even",
      });
    }
  });

  test("an operation that is not granted is refused with those that are", () => {
    assert.deepEqual(refusal("shop@example.org", ledger({ op: "delete" })), {
      code: "forbidden",
      rule: "grant",
      message:
        'The principal "shop@example.org" has no grant for the operation delete on ledger (granted: upsert and update).',
      pointer: "/op",
      table: "ledger",
    });
  });

  test("a table without a grant is refused, and so is all of an update with one such change", () => {
    const found = refusal("shop@example.org", { changes: [seat, note] });
    assert.deepEqual(found && [found.pointer, found.table, found.column], [
      "/changes/1/table",
      "notes",
      undefined,
    ]);
    assert.match(found?.message ?? "", /no grant for the table notes/);
  });

  test("the star stands for the tables that are not named, and adds nothing to those that are", () => {
    assert.equal(refusal("seats-only", note), undefined);
    assert.equal(refusal("seats-only", ledger({ op: "delete" })), undefined);
    assert.match(
      refusal("seats-only", ledger({}))?.message ?? "",
      /operation upsert on ledger \(granted: delete\)/,
    );
    const expecting = ledger({ op: "delete", expect: { amount: "1" } });
    assert.equal(refusal("seats-only", expecting)?.column, "amount", "absent columns are none");
  });

  test("who is not in the policy may do nothing, whatever the name", () => {
    for (const name of ["nobody", "__proto__", "constructor", "SHOP@example.org", "*"]) {
      assert.match(refusal(name, seat)?.message ?? "", /has no grants in the policy/);
      assert.match(readRefusal(policy, name, "ledger") ?? "", /no grant to read ledger/);
      assert.match(operatorRefusal(policy, name) ?? "", /operator: true/);
    }
  });
});

test("reading is granted by table or for all, operating by itself", () => {
  assert.equal(readRefusal(policy, "shop@example.org", "ledger"), undefined);
  assert.match(readRefusal(policy, "shop@example.org", "seats") ?? "", /no grant to read seats/);
  assert.equal(readRefusal(policy, "operator", "seats"), undefined);
  assert.equal(operatorRefusal(policy, "operator"), undefined);
  assert.ok(operatorRefusal(policy, "shop@example.org") !== undefined);
});

describe("readPolicy", () => {
  test("the topic may do all unless the policy says otherwise", () => {
    assert.equal(policy.topic, "all");
    assert.equal(policyOf('{ "version": 1, "topic": "none", "principals": {} }').topic, "none");
  });

  test("every fault is told at once, with its path and what was meant", () => {
    const document = parse(`
version: 2
topic: some
principals:
  " x": {}
  shop:
    tables:
      leger: { operations: all }
      ledger: { operations: [updat, sing], columns: [amont] }
      seats: { operations: [insert, delete], columns: guest }
      "*": { operations: all, columns: [amount] }
    reed: all
    read: [nots]
    operator: maybe
`);
    const faults = faultsOf(document);
    const told = [
      /^\/version: must be 1/,
      /^\/topic: must be all or none/,
      /^\/principals\/ x: a principal has 1 to 255/,
      /^\/principals\/shop\/tables\/leger: there is no table "leger"; did you mean ledger\?/,
      /^\/principals\/shop\/tables\/ledger\/operations\/0: .* "updat"; did you mean update\?/,
      /^\/principals\/shop\/tables\/ledger\/operations\/1: .* "sing"; known: /,
      /^\/principals\/shop\/tables\/ledger\/columns\/0: there is no column of ledger "amont"; did you mean amount\?/,
      /^\/principals\/shop\/tables\/seats\/operations\/1: there is no operation that seats allows "delete"/,
      /^\/principals\/shop\/tables\/seats\/columns: must be "all" or a list/,
      /^\/principals\/shop\/tables\/\*\/columns: must be "all"/,
      /^\/principals\/shop\/reed: there is no member "reed"; did you mean read\?/,
      /^\/principals\/shop\/read\/0: there is no table "nots"/,
      /^\/principals\/shop\/operator: /,
    ];
    for (const pattern of told) {
      assert.ok(
        faults.some((fault) => pattern.test(fault)),
        `${pattern} in\n${faults.join("\n")}`,
      );
    }
    assert.equal(faults.length, told.length, faults.join("\n"));
  });

  test("what is no policy at all is a fault, not an open door", () => {
    for (const document of [
      undefined,
      null,
      [],
      "all",
      1,
      {},
      { version: 1 },
      { version: 1, principals: [] },
    ]) {
      assert.ok(faultsOf(document).length > 0, JSON.stringify(document));
    }
  });
});
