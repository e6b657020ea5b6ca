import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";
import { until } from "../../support/until.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
// After the hooks of what is opened above.
expectNoLeaks();

const WAIT = { prefer: "wait=20" };

interface Counters {
  readonly seconds: number;
  readonly publishing: number;
  readonly waiting: number;
  readonly trouble?: string;
  readonly database: {
    readonly settled: Readonly<Record<string, number>>;
    readonly deadLettersOpen: number;
    readonly receipts: readonly { readonly id: string; readonly idempotencyKey: string }[];
  } | null;
}

/** Reads `/events`; `counters` grows as they come, `ended` resolves when the server ends it. */
async function listen(url: string, headers: Readonly<Record<string, string>> = {}) {
  const gone = new AbortController();
  const response = await fetch(`${url}/events`, { headers, signal: gone.signal });
  const counters: Counters[] = [];
  const read = async () => {
    let text = "";
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const data = /^event: counters\ndata: (.*)$/m.exec(text.slice(0, end))?.[1];
        if (data !== undefined) counters.push(JSON.parse(data) as Counters);
        text = text.slice(end + 2);
      }
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!gone.signal.aborted) throw error;
  });
  return { response, counters, ended, leave: () => gone.abort() };
}

function customer(customerID: string, op = "upsert") {
  return { table: "customers", op, key: { customerID }, set: { firstName: "A", lastName: "B" } };
}

describe("GET /receipts", () => {
  it("gives the newest first", async () => {
    for (const key of ["n-1", "n-2", "n-3"])
      await sidecar.post("/updates", customer(key), { ...WAIT, "idempotency-key": key });
    const { status, json } = await sidecar.get("/receipts?limit=2");
    assert.equal(status, 200);
    assert.deepEqual(
      json.receipts.map(({ idempotencyKey, outcome }: Record<string, string>) => [idempotencyKey, outcome]),
      [
        ["n-3", "applied"],
        ["n-2", "applied"],
      ],
    );
    assert.match(json.receipts[0].id, /^\d+$/);
    assert.equal((await sidecar.get("/receipts?limit=201")).status, 400);
  });
});

describe("GET /events", () => {
  it("tells once a second what was settled, by outcome, and each receipt once", async (t) => {
    const stream = await listen(sidecar.url, { "last-event-id": "9999" });
    t.after(stream.leave);
    assert.equal(stream.response.status, 200);
    assert.match(stream.response.headers.get("content-type") ?? "", /^text\/event-stream/);
    assert.equal(stream.response.headers.get("cache-control"), "no-store");
    await until("the first counters", () => stream.counters.length > 0);
    const updates = Array.from({ length: 25 }, (_, i) => customer(`e-${i}`));
    await sidecar.post("/updates", { updates }, WAIT);
    await sidecar.post("/updates", customer("nobody", "update"), { ...WAIT, "idempotency-key": "e-no" });
    const total = (outcome: string) =>
      stream.counters.reduce((sum, { database }) => sum + (database?.settled[outcome] ?? 0), 0);
    await until("all is counted", () => total("applied") === 25 && total("rejected") === 1);
    const seen = stream.counters.length;
    await until("two more", () => stream.counters.length >= seen + 2);
    assert.equal(total("applied"), 25);
    const last = stream.counters.at(-1);
    assert.equal(last?.database?.deadLettersOpen, 1);
    assert.equal(last?.database?.receipts[0]?.idempotencyKey, "e-no");
    assert.equal(last?.waiting, 0);
    assert(Math.abs((last?.seconds ?? 0) - 1) < 0.9, `${last?.seconds} s between two`);
  });

  it("takes 50 clients and refuses the next, until one leaves", async (t) => {
    const streams = await Promise.all(Array.from({ length: 50 }, () => listen(sidecar.url)));
    t.after(() => {
      for (const { leave } of streams) leave();
    });
    const refused = await sidecar.get("/events");
    assert.equal(refused.status, 503, refused.text);
    assert.equal(refused.json.code, "overloaded");
    assert.equal(refused.headers.get("retry-after"), "10");
    streams[0]?.leave();
    const next = await until("one more is taken", async () => {
      const stream = await listen(sidecar.url);
      if (stream.response.status === 200) return stream;
      stream.leave();
      return undefined;
    });
    next.leave();
    await next.ended;
  });

  it("ends when the sidecar stops, and does not hold it up", async (t) => {
    const other = await testSidecar(t, {}, { rig });
    const stream = await listen(other.url);
    await until("counters", () => stream.counters.length > 0);
    const began = performance.now();
    await other.close();
    await stream.ended;
    assert(performance.now() - began < 3_000);
  });

  it("goes on without a database, and says so", async (t) => {
    const alone = await testSidecar(t, { INSTANCE_HOST: "" }, { rig });
    const stream = await listen(alone.url);
    await until("counters", () => stream.counters.length > 1);
    assert.equal(stream.counters[0]?.database, null);
    assert.match(stream.counters[0]?.trouble ?? "", /only publishes/);
    stream.leave();
    await stream.ended;
  });
});
