import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const ADA = {
  table: "customers",
  op: "upsert",
  key: { customerID: "c-1" },
  set: { firstName: "Ada", lastName: "L" },
};
const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
// After the hooks of what is opened above.
expectNoLeaks();

const WAIT = { prefer: "wait=20" };

describe("POST /updates", () => {
  it("answers 202 with the key, the message id and where the receipt will be", async () => {
    const answer = await sidecar.post("/updates", ADA, { "idempotency-key": "one" });
    assert.equal(answer.status, 202, answer.text);
    assert.equal(answer.json.idempotencyKey, "one");
    assert.match(answer.json.messageId, /^\d+$/);
    assert.equal(answer.headers.get("location"), "/updates/one");
  });

  it("waits for the receipt when asked to, and says so", async () => {
    const answer = await sidecar.post("/updates", { ...ADA, key: { customerID: "c-2" } }, WAIT);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get("preference-applied"), "wait=20");
    assert.equal(answer.json.outcome, "applied");
    assert.equal(answer.json.rowsChanged, 1);
    assert.equal(answer.json.rowsInserted, 1);
    assert.match(answer.json.idempotencyKey, /^[0-9a-f-]{36}$/);
    const receipt = await sidecar.get(answer.json.location);
    assert.equal(receipt.status, 200);
    assert.equal(receipt.json.outcome, "applied");
  });

  it("tells a rejection as a problem with its code and pointer", async () => {
    const update = {
      table: "customers",
      op: "update",
      key: { customerID: "nobody" },
      set: { firstName: "X" },
    };
    const answer = await sidecar.post("/updates", update, WAIT);
    assert.equal(answer.status, 409, answer.text);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(answer.json.code, "row_missing");
    const receipt = await sidecar.get(`/updates/${answer.json.idempotencyKey}`);
    assert.equal(receipt.json.outcome, "rejected");
    assert.equal(receipt.json.rejection.code, "row_missing");
  });

  it("refuses an invalid item alone and sends the others", async () => {
    const bad = {
      table: "customers",
      op: "upsert",
      key: { customerID: "c-3" },
      set: { firstName: 5, nope: 1 },
    };
    const answer = await sidecar.post(
      "/updates",
      { updates: [{ ...ADA, idempotencyKey: "b-1" }, bad] },
      WAIT,
    );
    assert.equal(answer.status, 207, answer.text);
    assert.deepEqual(
      answer.json.results.map(({ status }: { status: number }) => status),
      [200, 422],
    );
    const [, refused] = answer.json.results;
    assert.deepEqual(
      new Set(refused.errors.map(({ pointer }: { pointer: string }) => pointer)),
      new Set(["/set/firstName", "/set/nope"]),
    );
  });

  it("reads NDJSON, a line an update", async () => {
    const lines = [ADA, { ...ADA, key: { customerID: "c-9" } }].map((one) => JSON.stringify(one));
    const body = `${lines[0]}\n\n{oops\n${lines[1]}\n`;
    const answer = await sidecar.post("/updates", body, { "content-type": "application/x-ndjson" });
    assert.equal(answer.status, 207, answer.text);
    assert.deepEqual(
      answer.json.results.map(({ status }: { status: number }) => status),
      [202, 400, 202],
    );
  });

  it("gives all senders of one key and body the same receipt, and others key_reused", async () => {
    const same = { ...ADA, key: { customerID: "c-100" } };
    const other = { ...same, set: { firstName: "Eve", lastName: "E" } };
    const headers = { ...WAIT, "idempotency-key": '"hundred"' };
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => sidecar.post("/updates", same, headers)),
    );
    for (const answer of answers) assert.equal(answer.status, 200, answer.text);
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
    const late = await sidecar.post("/updates", other, headers);
    assert.equal(late.status, 422);
    assert.equal(late.json.code, "key_reused");
  });

  it("lets one of two bodies win that are sent under one key at once, and tells the others key_reused", async () => {
    const bodies = ["Ada", "Eve"].map((firstName) => ({
      ...ADA,
      key: { customerID: "c-race" },
      set: { firstName },
    }));
    const headers = { ...WAIT, "idempotency-key": "race" };
    const sent = Array.from({ length: 40 }, (_, i) => bodies[i % 2]);
    const answers = await Promise.all(sent.map((body) => sidecar.post("/updates", body, headers)));
    const statuses = [0, 1].map(
      (body) => new Set(answers.filter((_, i) => i % 2 === body).map((one) => one.status)),
    );
    assert.deepEqual(statuses.map((of) => [...of]).sort(), [[200], [422]]);
    const [row] = await rig.database.query("SELECT firstName FROM customers WHERE customerID='c-race'");
    assert.equal(row?.["firstName"], statuses[0]?.has(200) === true ? "Ada" : "Eve");
  });

  it("tells all senders of one update that is rejected why, and applies it when the cause is gone", async () => {
    const update = {
      table: "customers",
      op: "update",
      key: { customerID: "c-late" },
      set: { firstName: "Late" },
    };
    const headers = { ...WAIT, "idempotency-key": "late" };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => sidecar.post("/updates", update, headers)),
    );
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [409]);
    await sidecar.post("/updates", { ...ADA, key: { customerID: "c-late" } }, WAIT);
    const again = await sidecar.post("/updates", update, headers);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.json.outcome, "applied");
  });
});

describe("POST /update/{table}", () => {
  it("adds, updates, and says when there is nothing to do", async () => {
    const build = { link: "https://e.org/b", title: "B", lastBuildDate: "2024-07-11T16:26:32" };
    const added = await sidecar.post("/update/builds", build);
    assert.equal(added.status, 201, added.text);
    assert.equal(added.json.message, "Build record added successfully");
    const again = await sidecar.post("/update/builds", build);
    assert.equal(again.status, 200, again.text);
    assert.equal(again.json.message, "No update needed for the build record");
    const newer = await sidecar.post("/update/builds", {
      ...build,
      lastBuildDate: "2024-07-12T16:26:32",
      title: "C",
    });
    assert.equal(newer.status, 200, newer.text);
    assert.equal(newer.json.message, "Build record updated successfully");
    const stale = await sidecar.post("/update/builds", { ...build, title: "old" });
    assert.equal(stale.json.message, "No update needed for the build record");
    assert.equal(stale.json.outcome, "stale");
  });

  it("names each bad field of a row", async () => {
    const answer = await sidecar.post("/update/customers", { firstName: 1, lastName: 2 });
    assert.equal(answer.status, 422, answer.text);
    const pointers = answer.json.errors.map(({ pointer }: { pointer: string }) => pointer);
    assert.deepEqual(pointers.sort(), ["/customerID", "/firstName", "/lastName"]);
  });
});
