import assert from "node:assert/strict";
import { test } from "node:test";
import { makeEvents } from "../../../src/chaos/chaos-events.ts";
import { makePlan } from "../../../src/chaos/chaos-plan.ts";
import { CHAOS_TABLES } from "../../../src/chaos/chaos-tables.ts";
import { modelOf } from "../../../src/chaos/model.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { registryOf } from "../../../src/tables/registry.ts";

const plan = makePlan(5_000, 42);
const decode = createDecoder(registryOf(CHAOS_TABLES), { changes: 100, dataBytes: 1_000_000, depth: 64 });
const decoded = (key: string, data: string) =>
  decode({
    data: Buffer.from(data),
    attributes: { "idempotency-key": key },
    messageId: "1",
    publishedAt: new Date(0),
  });

test("a seed makes the same plan and the same events each time, and another one makes others", () => {
  assert.deepEqual(makePlan(5_000, 42), plan);
  assert.notDeepEqual(makePlan(5_000, 43).messages, plan.messages);
  const amounts = { workers: 3, kills: 20, restarts: 5, cuts: 10 };
  assert.deepEqual(makeEvents(42, amounts), makeEvents(42, amounts));
  assert.notDeepEqual(makeEvents(43, amounts), makeEvents(42, amounts));
});

test("as much happens as was asked for, in the order of time", () => {
  const events = makeEvents(1, { workers: 3, kills: 20, restarts: 5, cuts: 10 });
  const count = (kind: string) => events.filter(({ event }) => event.kind === kind).length;
  assert.deepEqual(["kill-worker", "restart-mysql", "cut", "migrate", "purge"].map(count), [20, 5, 10, 1, 2]);
  const times = events.map(({ at }) => at);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});

test("what the plan takes for updates are updates, and what it takes for invalid is refused with that code", () => {
  for (const { key, data, allowed, effect } of plan.messages) {
    const { update, rejection } = decoded(key, data);
    if (update === undefined) assert.deepEqual([rejection?.code], allowed, data);
    else assert.ok(effect.kind !== "none" || !["malformed", "invalid"].includes(allowed[0] ?? ""), data);
  }
});

test("some updates come twice, some keys name two updates, and messages stray from their order", () => {
  const bodies = new Map<string, Set<string>>();
  for (const { key, data } of plan.messages) bodies.set(key, (bodies.get(key) ?? new Set()).add(data));
  const two = [...bodies].filter(([, datas]) => datas.size === 2).map(([key]) => key);
  assert.deepEqual(new Set(two), plan.reused);
  assert.ok(plan.reused.size > 10);
  assert.ok(plan.messages.length > 5_100);
  const numbers = plan.messages.map(({ key }) => Number(key.split("-").at(-1)));
  assert.ok(numbers.some((n, i) => n < (numbers[i - 1] ?? 0)));
});

test("the model adds what was applied, and what was not it leaves out", () => {
  const outcomes = new Map([...plan.updates.keys()].map((key) => [key, "applied"]));
  const all = modelOf(plan, outcomes);
  const total = [...all.accounts.values()].reduce((a, b) => a + b, 0n);
  assert.equal(total, plan.startingCents * BigInt(plan.accounts));
  const none = modelOf(plan, new Map());
  assert.ok([...none.accounts.values()].every((cents) => cents === plan.startingCents));
  assert.equal(none.names.size, 0);
  // What nothing can hinder is there whatever the ledger says.
  assert.deepEqual(none.counters, all.counters);
  assert.deepEqual(none.documents, all.documents);
  const newest = plan.messages.flatMap(({ effect }) =>
    effect.kind === "document" && effect.id === 0 ? [effect.version] : [],
  );
  assert.equal(
    all.documents.get(0)?.version,
    newest.reduce((a, b) => (a > b ? a : b), 0n),
  );
});
