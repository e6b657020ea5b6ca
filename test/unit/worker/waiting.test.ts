import assert from "node:assert/strict";
import { test } from "node:test";
import { xoshiro128 } from "../../../src/local/broker/random.ts";
import type { Decoded, RowId } from "../../../src/messages/update.ts";
import type { Delivery } from "../../../src/pubsub/port.ts";
import { type Held, Waiting } from "../../../src/worker/waiting.ts";

function delivered(name: string, rows: readonly string[], bytes = 10): Delivery {
  return { messageId: name, dataBytes: bytes, rows } as unknown as Delivery;
}

/** Deliveries of these tests carry what they touch with them. */
function empty(): Waiting {
  return new Waiting((message) => {
    const { rows } = message as unknown as { readonly rows: readonly RowId[] };
    return { update: { changes: rows.map((row) => ({ row })) } } as unknown as Decoded;
  });
}

function filled(...all: readonly Delivery[]): Waiting {
  const waiting = empty();
  for (const one of all) waiting.add(one);
  return waiting;
}

const names = (batch: readonly Held[]) => batch.map(({ delivery }) => delivery.messageId);

test("a batch takes what waits, in the order of arrival, up to its size", () => {
  const waiting = filled(delivered("1", ["a"]), delivered("2", ["a"]), delivered("3", ["b"]));
  assert.deepEqual(names(waiting.take(2, 1_000)), ["1", "2"]);
  assert.deepEqual(names(waiting.take(2, 1_000)), ["3"]);
  assert.equal(waiting.messages, 0);
  assert.equal(waiting.bytes, 0);
});

test("a row that is in one lane's batch is not given to another until it is released", () => {
  const waiting = filled(delivered("1", ["a"]), delivered("2", ["a"]), delivered("3", ["b"]));
  const first = waiting.take(1, 1_000);
  assert.deepEqual(names(waiting.take(5, 1_000)), ["3"]);
  assert.equal(waiting.messages, 1);
  waiting.release(first);
  assert.deepEqual(names(waiting.take(5, 1_000)), ["2"]);
});

test("an update that must wait holds back those behind it that share a row with it", () => {
  const waiting = filled(
    delivered("1", ["a"]),
    delivered("2", ["a", "b"]),
    delivered("3", ["b"]),
    delivered("4", ["c"]),
    delivered("5", ["b", "c"]),
  );
  const first = waiting.take(1, 1_000);
  const second = waiting.take(5, 1_000);
  assert.deepEqual(names(second), ["4"]);
  waiting.release(first);
  assert.deepEqual(names(waiting.take(5, 1_000)), ["2", "3"]);
  waiting.release(second);
  assert.deepEqual(names(waiting.take(5, 1_000)), []);
});

test("a batch stays within its bytes, but a single message may be larger than that", () => {
  const waiting = filled(
    delivered("1", ["a"], 600),
    delivered("2", ["b"], 600),
    delivered("3", ["c"], 5_000),
    delivered("4", ["d"], 1),
  );
  assert.deepEqual(names(waiting.take(9, 1_000)), ["1"]);
  assert.deepEqual(names(waiting.take(9, 1_000)), ["2"]);
  assert.deepEqual(names(waiting.take(9, 1_000)), ["3"]);
  assert.equal(waiting.bytes, 1);
});

test("draining takes out everything in the order of arrival, and leaves the rows of batches in hand", () => {
  const waiting = filled(delivered("1", ["a"]), delivered("2", ["a"]), delivered("3", ["b"]));
  const first = waiting.take(1, 1_000);
  assert.deepEqual(
    waiting.drain().map(({ messageId }) => messageId),
    ["2", "3"],
  );
  assert.equal(waiting.messages, 0);
  waiting.add(delivered("4", ["a"]));
  assert.deepEqual(names(waiting.take(1, 1_000)), []);
  waiting.release(first);
  assert.deepEqual(names(waiting.take(1, 1_000)), ["4"]);
});

test("whatever lanes do, each update goes once and updates of one row go in the order of arrival", () => {
  let seed = 7;
  const random = (n: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % n;
  };
  const waiting = empty();
  const lanes: Held[][] = [];
  const seen = new Map<string, number>();
  let added = 0;
  let taken = 0;
  while (taken < 20_000) {
    if (random(3) > 0 && added < 20_000) {
      waiting.add(delivered(String(added), [`r${random(40)}`, `r${random(40)}`]));
      added += 1;
    }
    if (random(2) === 0 && lanes.length < 4) lanes.push(waiting.take(1 + random(9), 1_000));
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
  #waiting: Delivery[] = [];
  readonly #inLanes = new Set<RowId>();

  add(delivery: Delivery): void {
    this.#waiting.push(delivery);
  }

  take(messages: number, bytes: number): string[] {
    const taken: Delivery[] = [];
    const heldBack = new Set(this.#inLanes);
    let size = 0;
    for (const one of this.#waiting) {
      if (taken.length === messages) break;
      const rows = rowsOf(one);
      if (rows.some((row) => heldBack.has(row))) for (const row of rows) heldBack.add(row);
      else if (taken.length > 0 && size + one.dataBytes > bytes) break;
      else {
        taken.push(one);
        size += one.dataBytes;
      }
    }
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

test("every batch is what the rule gives that looks at all that waits", () => {
  const random = xoshiro128(11);
  const below = (n: number) => Math.floor(random() * n);
  const [waiting, model] = [empty(), new Model()];
  const lanes: Held[][] = [];
  let batches = 0;
  for (let n = 0; n < 20_000; n += 1) {
    const act = below(5);
    if (act < 3 && waiting.messages < 60) {
      const rows = Array.from({ length: below(4) }, () => `r${below(12)}`);
      const one = delivered(String(n), rows, 1 + below(30));
      waiting.add(one);
      model.add(one);
    } else if (act === 3 && lanes.length < 4) {
      const [messages, bytes] = [1 + below(6), 10 + below(80)];
      const batch = waiting.take(messages, bytes);
      assert.deepEqual(names(batch), model.take(messages, bytes));
      if (batch.length > 1) batches += 1;
      lanes.push(batch);
    } else {
      const [batch = []] = lanes.splice(below(lanes.length), 1);
      waiting.release(batch);
      model.release(batch);
    }
  }
  assert.ok(batches > 500, "of more than one");
});
