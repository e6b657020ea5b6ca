import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";
import { until } from "../../support/until.ts";

const file = { after };
const rig = await preparedRig(file);
const worker = rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
// After the hooks of what is opened above.
expectNoLeaks();

const WAIT = { prefer: "wait=20" };

/** Sends an update of a customer that is not there, as `key`; gives its dead letter as the list tells it. */
async function rejected(customerID: string, key: string) {
  const update = { table: "customers", op: "update", key: { customerID }, set: { firstName: "Ada" } };
  const answer = await sidecar.post("/updates", update, { ...WAIT, "idempotency-key": key });
  assert.equal(answer.json.code, "row_missing", answer.text);
  const { json } = await sidecar.get("/dead-letters?limit=200");
  const letter = json.deadLetters.find((one: { idempotencyKey: string }) => one.idempotencyKey === key);
  assert(letter !== undefined);
  return letter as { readonly id: string; readonly code: string; readonly table: string };
}

async function insert(customerID: string): Promise<void> {
  const update = {
    table: "customers",
    op: "insert",
    key: { customerID },
    set: { firstName: "A", lastName: "B" },
  };
  assert.equal((await sidecar.post("/updates", update, WAIT)).status, 200);
}

const post = (path: string) => sidecar.request(path, { method: "POST" });

describe("GET /dead-letters", () => {
  it("lists the newest first, in pages, by code, table and state", async () => {
    const first = await rejected("l-1", "list-1");
    const second = await rejected("l-2", "list-2");
    const page = await sidecar.get("/dead-letters?code=row_missing&table=customers&state=open&limit=1");
    assert.equal(page.status, 200, page.text);
    assert.deepEqual(
      page.json.deadLetters.map(({ id }: { id: string }) => id),
      [second.id],
    );
    const next = await sidecar.get(`/dead-letters?limit=1&after=${page.json.next}`);
    assert.equal(next.json.deadLetters[0].id, first.id);
    const none = await sidecar.get("/dead-letters?table=toots");
    assert.deepEqual(none.json, { deadLetters: [], next: null });
    const summary = await sidecar.get("/dead-letters/summary");
    const [group] = summary.json.groups;
    assert.equal(group.code, "row_missing");
    assert.equal(group.table, "customers");
    assert(group.open >= 2);
  });

  it("refuses a query that it does not know", async () => {
    for (const query of ["limit=0", "limit=201", "code=nope", "state=shut", "after=x", "what=1"]) {
      const answer = await sidecar.get(`/dead-letters?${query}`);
      assert.equal(answer.status, 400, query);
      assert.equal(answer.json.code, "bad_request");
    }
    assert.equal((await sidecar.get("/dead-letters/x")).status, 400);
  });

  it("gives the original byte for byte: as text, or as Base64 when it is none", async () => {
    const text = '{ "table": "toots",\n "op": "upsert", "key": {"id": 109382716453829173.50} }';
    await rig.publish([{ key: "exact", body: text }]);
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    await rig.publish([{ key: "bytes", body: bytes, attributes: { colour: "blue" } }]);
    const letters = await until("both are dead letters", async () => {
      const { json } = await sidecar.get("/dead-letters");
      const of = (key: string) =>
        json.deadLetters.find((one: { idempotencyKey: string }) => one.idempotencyKey === key);
      return of("exact") && of("bytes") && [of("exact").id, of("bytes").id];
    });
    const [exact, binary] = await Promise.all(
      letters.map((id: string) => sidecar.get(`/dead-letters/${id}`)),
    );
    assert.equal(exact?.json.data, text);
    assert.equal(binary?.json.dataBase64, bytes.toString("base64"));
    assert.equal(binary?.json.code, "malformed");
    assert.equal(binary?.json.attributes.colour, "blue");
  });

  it("says that there is none of that id", async () => {
    const answer = await sidecar.get("/dead-letters/99999999999");
    assert.equal(answer.status, 404);
    assert.equal(answer.json.code, "no_dead_letter");
  });
});

describe("POST /dead-letters/{id}/replay", () => {
  it("publishes the original under its own key, and applies it when the cause is gone", async () => {
    const { id } = await rejected("r-1", "replay-1");
    await insert("r-1");
    const answer = await post(`/dead-letters/${id}/replay`);
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.headers.get("location"), "/updates/replay-1");
    assert.deepEqual(answer.json, { id, idempotencyKey: "replay-1", location: "/updates/replay-1" });
    await until("the receipt is replaced", async () => {
      const receipt = await sidecar.get("/updates/replay-1");
      return receipt.json.outcome === "applied";
    });
    const noted = await sidecar.get(`/dead-letters/${id}`);
    assert.equal(noted.json.replayOutcome, "applied");
    const again = await post(`/dead-letters/${id}/replay`);
    assert.equal(again.status, 409, again.text);
    assert.equal(again.json.code, "not_open");
    assert.match(again.json.detail, /its last replay has been settled \(applied\)/);
  });

  it("uses another key only when asked to", async () => {
    const { id } = await rejected("r-2", "replay-2");
    await rig.database.query(`UPDATE dead_letters SET code='key_reused' WHERE id=${id}`);
    const plain = await post(`/dead-letters/${id}/replay`);
    assert.equal(plain.status, 409, plain.text);
    assert.match(plain.json.detail, /its key has settled another update: add \?newKey=true/);
    const renamed = await post(`/dead-letters/${id}/replay?newKey=true`);
    assert.equal(renamed.status, 202, renamed.text);
    assert.match(renamed.json.idempotencyKey, /^replay:sha256:/);
  });

  it("leaves the dead letter as it was when the broker does not take it", async (t) => {
    await rig.publish([{ key: "replay-3", body: `{"table":"customers"}${" ".repeat(2_000)}` }]);
    const id = await until("it is a dead letter", async () => {
      const { json } = await sidecar.get("/dead-letters?code=invalid&limit=1");
      const [letter] = json.deadLetters;
      return letter?.idempotencyKey === "replay-3" ? (letter.id as string) : undefined;
    });
    const full = await testSidecar(t, { HTTP_MAX_PENDING_BYTES: "1024" }, { rig });
    const answer = await full.request(`/dead-letters/${id}/replay`, { method: "POST" });
    assert.equal(answer.status, 503, answer.text);
    assert.equal(answer.json.code, "overloaded");
    assert.equal(answer.json.idempotencyKey, "replay-3");
    assert.equal((await sidecar.get(`/dead-letters/${id}`)).json.replays, 0);
  });

  it("says that there is none of that id", async () => {
    assert.equal((await post("/dead-letters/99999999999/replay")).status, 404);
  });
});

describe("DELETE /dead-letters/{id}", () => {
  it("deletes it, once", async () => {
    const { id } = await rejected("d-1", "discard-1");
    const answer = await sidecar.request(`/dead-letters/${id}`, { method: "DELETE" });
    assert.equal(answer.status, 204);
    assert.equal((await sidecar.get(`/dead-letters/${id}`)).status, 404);
    const again = await sidecar.request(`/dead-letters/${id}`, { method: "DELETE" });
    assert.equal(again.status, 404);
    assert.equal(again.json.code, "no_dead_letter");
    const receipt = await sidecar.get("/updates/discard-1");
    assert.equal(receipt.json.outcome, "rejected");
    assert.equal(worker.told.lost.filter(Boolean).length, 0);
  });
});
