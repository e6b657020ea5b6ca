import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { publishDeadLetters, type Replayed } from "../../../src/apply/replay-publish.ts";
import type { Message } from "../../../src/messages/update.ts";
import { messageFault } from "../../../src/pubsub/message-limits.ts";
import { PubSubError } from "../../../src/pubsub/trouble.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { addTo, type Desk, makeCounter, message, openDesk } from "./kept-letters.ts";

expectNoLeaks();

/** A broker's error by its gRPC status code. */
function refusal(code: number): PubSubError {
  const resource = { kind: "topic", name: "t", project: "p", address: "a", purpose: "publish to" } as const;
  return new PubSubError(resource, Object.assign(new Error("no"), { code }));
}
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;

/** Replays all dead letters through `publish`, which stands at the place where the broker confirms or not. */
async function replay(
  desk: Desk,
  publish: (message: Message) => Promise<void>,
  signal = new AbortController().signal,
) {
  const replayed: Replayed[] = [];
  const publisher = {
    publish: async (data: Buffer, attributes: Readonly<Record<string, string>>) => {
      const sent = message(data, attributes);
      await publish(sent);
      return sent.messageId;
    },
    refuses: (error: unknown): error is Error =>
      error instanceof PubSubError && error.status === "INVALID_ARGUMENT",
  };
  const rules = { decode: desk.decode, maxAgeHours: 144, newKey: false, newKeyBy: "", messageFault };
  const work = { store: desk.store, publisher, rules, signal };
  const trouble = await publishDeadLetters(work, {}, (one) => replayed.push(one)).catch(
    (error: unknown) => error,
  );
  return { replayed: replayed.map(({ id, result }) => `${id} ${result}`), trouble };
}

async function letters({ store }: Desk): Promise<string[]> {
  const rows = await store.select("SELECT replays,replay_outcome,replayed_at FROM dead_letters ORDER BY id");
  return rows.map(
    ({ replays, replay_outcome, replayed_at }) =>
      `${replays} ${replay_outcome ?? "–"} ${replayed_at === null ? "never" : "marked"}`,
  );
}

/** One dead letter that would be applied now. */
async function oneLetter(t: TestContext): Promise<Desk> {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 5, "k-1"));
  await makeCounter(desk, "a");
  return desk;
}

test("an outcome that the worker notes before the broker confirms stays", async (t) => {
  const desk = await oneLetter(t);
  const { replayed } = await replay(desk, async (sent) => {
    assert.deepEqual(await letters(desk), ["1 – marked"]);
    await desk.settle(sent);
  });
  assert.deepEqual(replayed, ["1 published"]);
  assert.deepEqual(await letters(desk), ["1 applied marked"]);
});

test("a publish that fails although the message got through keeps its mark and its outcome", async (t) => {
  const desk = await oneLetter(t);
  const { replayed, trouble } = await replay(desk, async (sent) => {
    await desk.settle(sent);
    throw refusal(DEADLINE_EXCEEDED);
  });
  assert(trouble instanceof PubSubError);
  assert.deepEqual(replayed, []);
  assert.deepEqual(await letters(desk), ["1 applied marked"]);
});

test("a replay that comes after the publisher's own second try is noted with what became of that", async (t) => {
  const desk = await oneLetter(t);
  const { replayed } = await replay(desk, async (sent) => {
    const again = await desk.settle(addTo("a", 5, "k-1"));
    assert.equal(again[0]?.outcome, "applied");
    assert.deepEqual(await desk.settle(sent), [{ outcome: "duplicate" }]);
  });
  assert.deepEqual(replayed, ["1 published"]);
  assert.deepEqual(await letters(desk), ["1 applied marked"]);
});

test("a publish that fails leaves the dead letter as it was", async (t) => {
  const desk = await oneLetter(t);
  const failing = async () => {
    throw refusal(DEADLINE_EXCEEDED);
  };
  await replay(desk, failing);
  assert.deepEqual(await letters(desk), ["0 – never"]);
  await desk.store.select("DELETE FROM counters");
  await replay(desk, async (sent) => void (await desk.settle(sent)));
  assert.deepEqual(await letters(desk), ["1 rejected marked"]);
  await replay(desk, failing);
  assert.deepEqual(await letters(desk), ["1 rejected marked"]);
});

test("a message that got through after its publish failed is noted when it is applied", async (t) => {
  const desk = await oneLetter(t);
  const late: Message[] = [];
  await replay(desk, async (sent) => {
    late.push(sent);
    throw refusal(DEADLINE_EXCEEDED);
  });
  await desk.settle(...late);
  assert.deepEqual(await letters(desk), ["0 applied never"]);
  assert.equal((await desk.letters(["list", "--open"])).stdout, "no dead letters\n");
});

test("a failed publish leaves what a second replay has marked meanwhile", async (t) => {
  const desk = await oneLetter(t);
  await replay(desk, async (sent) => {
    await replay(desk, async () => {});
    assert.equal(sent.attributes["idempotency-key"], "k-1");
    throw refusal(DEADLINE_EXCEEDED);
  });
  assert.deepEqual(await letters(desk), ["1 – marked"]);
});

test("a message that the broker refuses does not keep the others from being replayed", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 1, "k-1"), addTo("a", 1, "k-2"), addTo("a", 1, "k-3"));
  const { replayed, trouble } = await replay(desk, async ({ attributes }) => {
    if (attributes["rowpost-dead-letter"] === "2") throw refusal(INVALID_ARGUMENT);
  });
  assert.equal(trouble, undefined);
  assert.deepEqual(replayed, ["1 published", "2 failed", "3 published"]);
  assert.deepEqual(await letters(desk), ["1 – marked", "0 – never", "1 – marked"]);
});

test("a stop leaves what has not been begun without a mark", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(...Array.from({ length: 300 }, (_, i) => addTo("a", 1, `k-${i}`)));
  const stop = new AbortController();
  let begun = 0;
  const { replayed } = await replay(
    desk,
    async () => {
      begun += 1;
      if (begun === 70) stop.abort("SIGINT");
    },
    stop.signal,
  );
  assert.equal(replayed.length, begun);
  assert.ok(begun >= 70 && begun < 300, `${begun}`);
  const marked = (await letters(desk)).filter((letter) => letter === "1 – marked");
  assert.equal(marked.length, begun);
});

test("a note counts only from a message with the dead letter's own bytes", async (t) => {
  const desk = await oneLetter(t);
  const other = addTo("a", 1, "k-other");
  await desk.settle({ ...other, attributes: { ...other.attributes, "rowpost-dead-letter": "1" } });
  assert.deepEqual(await letters(desk), ["0 – never"]);
});
