import assert from "node:assert/strict";
import { test } from "node:test";
import { xoshiro128 } from "../../../src/local/broker/random.ts";
import type { Decoded, RowId } from "../../../src/messages/update.ts";
import type { Delivery } from "../../../src/pubsub/port.ts";
import { type BatchLimits, type Held, Waiting } from "../../../src/worker/waiting.ts";

function delivered(name: string, rows: readonly string[], bytes = 10): Delivery {
  return { messageId: name, dataBytes: bytes, rows } as unknown as Delivery;
}

/** Deliveries of these tests carry what they touch with them. */
function empty(limits: BatchLimits): Waiting {
  return new Waiting((message) => {
    const { rows } = message as unknown as { readonly rows: readonly RowId[] };
    return { update: { changes: rows.map((row) => ({ row })) } } as unknown as Decoded;
  }, limits);
}

function filled(messages: number, ...all: readonly Delivery[]): Waiting {
  const waiting = empty({ messages, bytes: 1_000 });
  for (const one of all) waiting.add(one);
  return waiting;
}

const names = (batch: readonly Held[]) => batch.map(({ delivery }) => delivery.messageId);

test("a batch takes what waits, in the order of arrival, up to its size", () => {
  const waiting = filled(2, delivered("1", ["a"]), delivered("2", ["a"]), delivered("3", ["b"]));
  assert.deepEqual(names(waiting.take(false)), ["1", "2"]);
  assert.deepEqual(names(waiting.take(false)), ["3"]);
  assert.equal(waiting.messages, 0);
  assert.equal(waiting.bytes, 0);
});

test("a row that is in one lane's batch is not given to another until it is released", () => {
  const waiting = filled(1, delivered("1", ["a"]), delivered("2", ["a"]), delivered("3", ["b"]));
  const first = waiting.take(false);
  assert.deepEqual(names(waiting.take(false)), ["3"]);
  assert.deepEqual(names(waiting.take(true)), []);
  assert.equal(waiting.messages, 1);
  waiting.release(first);
  assert.deepEqual(names(waiting.take(false)), ["2"]);
});

test("an update that must wait holds back those behind it that share a row with it", () => {
  const waiting = filled(
    5,
    delivered("1", ["a"]),
    delivered("2", ["a", "b"], 900),
    delivered("3", ["b"]),
    delivered("4", ["c"]),
    delivered("5", ["b", "c"]),
  );
  const first = waiting.take(false);
  assert.deepEqual(names(first), ["1", "2", "3", "4", "5"]);
  waiting.add(delivered("6", ["a", "d"]));
  waiting.add(delivered("7", ["d"]));
  waiting.add(delivered("8", ["e"]));
  waiting.add(delivered("9", ["d", "e"]));
  const second = waiting.take(true);
  assert.deepEqual(names(second), ["8"]);
  waiting.release(first);
  assert.deepEqual(names(waiting.take(true)), ["6", "7"]);
  waiting.release(second);
  assert.deepEqual(names(waiting.take(true)), []);
});

test("little beside what other lanes hold back is left until a batch is released", () => {
  const waiting = filled(3, delivered("1", ["a"]));
  const first = waiting.take(false);
  for (const name of ["2", "3"]) waiting.add(delivered(name, ["a"]));
  waiting.add(delivered("4", ["b"]));
  assert.deepEqual(names(waiting.take(false)), [], "one beside two");
  waiting.release(first);
  assert.deepEqual(names(waiting.take(false)), ["2", "3", "4"], "all together");
});

test("a lane in a hurry takes even little", () => {
  const waiting = filled(3, delivered("1", ["a"]));
  waiting.take(false);
  for (const name of ["2", "3"]) waiting.add(delivered(name, ["a"]));
  waiting.add(delivered("4", ["b"]));
  assert.deepEqual(names(waiting.take(false)), []);
  assert.deepEqual(names(waiting.take(true)), ["4"]);
  assert.equal(waiting.messages, 2);
});

test("what is left is no longer little once as much can go as is held back, or a batch is full of it", () => {
  const waiting = filled(3, delivered("1", ["a"]));
  const first = waiting.take(false);
  for (let i = 0; i < 9; i += 1) waiting.add(delivered(`a${i}`, ["a"]));
  for (const name of ["b", "c"]) waiting.add(delivered(name, [name]));
  assert.deepEqual(names(waiting.take(false)), []);
  waiting.add(delivered("d", ["d"]));
  assert.deepEqual(names(waiting.take(false)), ["b", "c", "d"], "full");
  waiting.release(first);
  const second = waiting.take(false);
  assert.deepEqual(names(second), ["a0", "a1", "a2"]);
  const fewer = filled(3, delivered("1", ["a"]));
  fewer.take(false);
  for (const name of ["2", "3"]) fewer.add(delivered(name, ["a"]));
  fewer.add(delivered("b", ["b"]));
  assert.deepEqual(names(fewer.take(false)), []);
  fewer.add(delivered("c", ["c"]));
  assert.deepEqual(names(fewer.take(false)), ["b", "c"], "as many as are held back");
});

test("a batch stays within its bytes, but a single message may be larger than that", () => {
  const waiting = filled(
    9,
    delivered("1", ["a"], 600),
    delivered("2", ["b"], 600),
    delivered("3", ["c"], 5_000),
    delivered("4", ["d"], 1),
  );
  assert.deepEqual(names(waiting.take(false)), ["1"]);
  assert.deepEqual(names(waiting.take(false)), ["2"]);
  assert.deepEqual(names(waiting.take(false)), ["3"]);
  assert.equal(waiting.bytes, 1);
});

test("draining takes out everything in the order of arrival, and leaves the rows of batches in hand", () => {
  const waiting = filled(1, delivered("1", ["a"]), delivered("2", ["a"]), delivered("3", ["b"]));
  const first = waiting.take(false);
  assert.deepEqual(
    waiting.drain().map(({ messageId }) => messageId),
    ["2", "3"],
  );
  assert.equal(waiting.messages, 0);
  assert.equal(waiting.bytes, 0);
  waiting.add(delivered("4", ["a"]));
  assert.deepEqual(names(waiting.take(true)), []);
  waiting.release(first);
  assert.deepEqual(names(waiting.take(false)), ["4"]);
});

test("draining takes out what was left as little, too", () => {
  const waiting = filled(2, delivered("1", ["a"]));
  waiting.take(false);
  for (const name of ["2", "3"]) waiting.add(delivered(name, ["a"]));
  waiting.add(delivered("4", ["b"]));
  assert.deepEqual(names(waiting.take(false)), []);
  assert.equal(waiting.drain().length, 3);
  assert.deepEqual(names(waiting.take(true)), []);
});

test("whatever lanes do, each update goes once and updates of one row go in the order of arrival", () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % n;
  };
  const waiting = empty({ messages: 5, bytes: 1_000 });
  const lanes: Held[][] = [];
  const seen = new Map<string, number>();
  let added = 0;
  let taken = 0;
  for (let turns = 0; taken < 20_000; turns += 1) {
    assert.ok(turns < 1_000_000, "something waits for ever");
    if (random(3) > 0 && added < 20_000) {
      waiting.add(delivered(String(added), [`r${random(40)}`, `r${random(40)}`]));
      added += 1;
    }
    if (random(2) === 0 && lanes.length < 4) lanes.push(waiting.take(random(4) === 0));
    if (random(2) === 0 && lanes.length > 0) {
      const [batch = []] = lanes.splice(random(lanes.length), 1);
      for (const { delivery, rows } of batch) {
        taken += 1;
        for (const row of new Set(rows)) {
          assert.ok((seen.get(row) ?? -1) < Number(delivery.messageId), `row ${row} went backwards`);
          seen.set(row, Number(delivery.messageId));
        }
      }
      waiting.release(batch);
    }
  }
  assert.equal(taken, 20_000);
  assert.equal(waiting.messages, 0);
});

/** The rule without any memory of what was looked at before: the first that may go, in the order of arrival, until one has no room. */
class Model {
  readonly #limits: BatchLimits;
  #waiting: Delivery[] = [];
  readonly #inLanes = new Set<RowId>();

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
  }

  take(hurry: boolean): string[] {
    const { messages, bytes } = this.#limits;
    const taken: Delivery[] = [];
    const heldBack = new Set(this.#inLanes);
    let [size, left, full] = [0, 0, false];
    for (const one of this.#waiting) {
      const rows = rowsOf(one);
      if (rows.some((row) => heldBack.has(row))) {
        left += 1;
        for (const row of rows) heldBack.add(row);
        continue;
      }
      full = taken.length > 0 && size + one.dataBytes > bytes;
      if (full) break;
      taken.push(one);
      size += one.dataBytes;
      full = taken.length === messages;
      if (full) break;
    }
    if (!hurry && !full && taken.length < left) return [];
    this.#waiting = this.#waiting.filter((one) => !taken.includes(one));
    for (const one of taken) for (const row of rowsOf(one)) this.#inLanes.add(row);
    return taken.map(({ messageId }) => messageId);
  }

  release(batch: readonly Held[]): void {
    for (const { rows } of batch) for (const row of rows) this.#inLanes.delete(row);
  }
}

function rowsOf(delivery: Delivery): readonly RowId[] {
  return (delivery as unknown as { readonly rows: readonly RowId[] }).rows;
}

for (const limits of [
  { messages: 2, bytes: 50 },
  { messages: 6, bytes: 40 },
  { messages: 30, bytes: 10_000 },
])
  test(`every batch is what the rule gives that looks at all that waits: ${JSON.stringify(limits)}`, () => {
    const random = xoshiro128(11);
    const below = (n: number) => Math.floor(random() * n);
    const [waiting, model] = [empty(limits), new Model(limits)];
    const lanes: Held[][] = [];
    let [batches, declined] = [0, 0];
    for (let n = 0; n < 20_000; n += 1) {
      const act = below(5);
      if (act < 3 && waiting.messages < 60) {
        const rows = Array.from({ length: below(4) }, () => `r${below(12)}`);
        const one = delivered(String(n), rows, 1 + below(30));
        waiting.add(one);
        model.add(one);
      } else if (act === 3 && lanes.length < 4) {
        const hurry = below(3) === 0;
        const batch = waiting.take(hurry);
        assert.deepEqual(names(batch), model.take(hurry));
        if (batch.length > 0) batches += 1;
        else if (waiting.messages > 0) declined += 1;
        if (batch.length > 0) lanes.push(batch);
      } else {
        const [batch = []] = lanes.splice(below(lanes.length), 1);
        waiting.release(batch);
        model.release(batch);
      }
    }
    assert.ok(batches > 500 && declined > 50, `${batches} batches, ${declined} times none`);
  });
