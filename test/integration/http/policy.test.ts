import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { newApiKey } from "../../../src/http/api-keys.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";
import { until } from "../../support/until.ts";

const POLICY = `
version: 1
topic: none
principals:
  shop:
    tables:
      customers: { operations: [upsert, update], columns: [firstName] }
    read: [customers]
  operator: { operator: true, read: all }
`;

const file = { after };
const folder = mkdtempSync(join(tmpdir(), "rowpost-policy-"));
after(() => rmSync(folder, { recursive: true }));
const keys = { shop: newApiKey({ name: "shop" }), operator: newApiKey({ name: "operator" }) };
const environment = {
  AUTH: "api-key",
  API_KEYS_FILE: join(folder, "keys"),
  POLICY_FILE: join(folder, "policy.yaml"),
  PUBLISHER_SIGNING_KEY: "a signing key of at least thirty-two bytes",
};
writeFileSync(environment.API_KEYS_FILE, `${keys.shop.line}\n${keys.operator.line}\n`);
writeFileSync(environment.POLICY_FILE, POLICY);
const rig = await preparedRig(file, environment);
rig.worker();
const sidecar = await testSidecar(file, environment, { rig });
// After the hooks of what is opened above.
expectNoLeaks();

const ADA = { table: "customers", op: "upsert", key: { customerID: "c-1" }, set: { firstName: "Ada" } };
const by = (name: keyof typeof keys) => ({ authorization: `Bearer ${keys[name].key}` });
const SHOP = { ...by("shop"), prefer: "wait=20" };

describe("with a policy and a signing key", () => {
  it("what is granted goes all the way: the worker knows the signature and applies it", async () => {
    const answer = await sidecar.post("/updates", ADA, SHOP);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.outcome, "applied");
  });

  it("what is not granted is 403, says which grant is missing, and is not published", async () => {
    const cases: [object, string, RegExp][] = [
      [
        { ...ADA, set: { firstName: "A", lastName: "L" } },
        "/set/lastName",
        /no grant for the column lastName of customers/,
      ],
      [{ ...ADA, op: "delete", set: undefined }, "/op", /no grant for the operation delete on customers/],
      [{ table: "todos", op: "delete", key: { id: 1 } }, "/table", /no grant for the table todos/],
    ];
    for (const [update, pointer, detail] of cases) {
      const answer = await sidecar.post("/updates", update, { ...SHOP, "idempotency-key": `no${pointer}` });
      assert.equal(answer.status, 403, answer.text);
      assert.deepEqual([answer.json.code, answer.json.pointer], ["forbidden", pointer]);
      assert.match(answer.json.detail, detail);
      assert.equal((await sidecar.get(`/updates/no${encodeURIComponent(pointer)}`, SHOP)).status, 404);
    }
  });

  it("a forbidden item refuses only itself", async () => {
    const updates = [ADA, { ...ADA, set: { lastName: "L" } }];
    const answer = await sidecar.post("/updates", { updates }, SHOP);
    assert.equal(answer.status, 207, answer.text);
    assert.deepEqual(
      answer.json.results.map(({ status, code }: { status: number; code?: string }) => [status, code]),
      [
        [200, undefined],
        [403, "forbidden"],
      ],
    );
  });

  it("a flat row is held to the same grants", async () => {
    const row = { customerID: "c-2", firstName: "Eve" };
    assert.equal((await sidecar.post("/update/customers", row, by("shop"))).status, 201);
    const refused = await sidecar.post("/update/customers", { ...row, lastName: "E" }, by("shop"));
    assert.equal(refused.status, 403, refused.text);
    assert.equal(refused.json.pointer, "/lastName");
  });

  it("only operators see dead letters, and what was published around the sidecar is one of them", async () => {
    const refused = await sidecar.get("/dead-letters", by("shop"));
    assert.equal(refused.status, 403, refused.text);
    assert.match(refused.json.detail, /no grant "operator: true"/);
    const principal = { "rowpost-principal": "shop" };
    await rig.publish([
      { key: "around", body: ADA },
      { key: "named", body: ADA, attributes: principal },
    ]);
    const found = await until("both are dead letters", async () => {
      const { json, text, status } = await sidecar.get("/dead-letters?code=forbidden", by("operator"));
      assert.equal(status, 200, text);
      return json.deadLetters.length === 2 && (json.deadLetters as { message: string }[]);
    });
    const why = found.map(({ message }) => message).join("\n");
    assert.match(why, /names no principal/);
    assert.match(why, /"shop" is not signed/);
    // The same key, sent by who may: the receipt of the refused one is replaced.
    const answer = await sidecar.post("/updates", ADA, { ...SHOP, "idempotency-key": "around" });
    assert.equal(answer.status, 200, answer.text);
  });

  it("a dead letter does not show the signature, and keeps it when it is replayed", async () => {
    const missing = { ...ADA, op: "update", key: { customerID: "later" } };
    const first = await sidecar.post("/updates", missing, { ...SHOP, "idempotency-key": "replayed" });
    assert.equal(first.json.code, "row_missing", first.text);
    const { json: list } = await sidecar.get("/dead-letters?code=row_missing", by("operator"));
    const path = `/dead-letters/${list.deadLetters[0].id}`;
    const letter = await sidecar.get(path, by("operator"));
    assert.equal(letter.json.attributes["rowpost-principal"], "shop", letter.text);
    assert.ok(!letter.text.includes("rowpost-signature"));
    assert.equal((await sidecar.post("/updates", { ...ADA, key: missing.key }, SHOP)).status, 200);
    assert.equal(
      (await sidecar.request(`${path}/replay`, { method: "POST", headers: by("operator") })).status,
      202,
    );
    const receipt = await until("the replay is settled", async () => {
      const { json } = await sidecar.get("/updates/replayed", SHOP);
      return json.outcome !== "rejected" && (json as { outcome: string });
    });
    assert.equal(receipt.outcome, "unchanged");
  });

  it("under another key a replay is signed anew, in the name of who sent it", async () => {
    const taken = { ...SHOP, "idempotency-key": "taken" };
    assert.equal((await sidecar.post("/updates", ADA, taken)).status, 200);
    const other = { ...ADA, key: { customerID: "anew" } };
    assert.equal((await sidecar.post("/updates", other, taken)).json.code, "key_reused");
    // The receipt of the other update is there before the worker has met this one.
    const id = await until("it is a dead letter", async () => {
      const { json } = await sidecar.get("/dead-letters?code=key_reused", by("operator"));
      return (json.deadLetters as { id: string }[])[0]?.id;
    });
    const path = `/dead-letters/${id}/replay?newKey=true`;
    const replay = await sidecar.request(path, { method: "POST", headers: by("operator") });
    assert.equal(replay.status, 202, replay.text);
    const receipt = await until("the replay is settled", async () => {
      const { status, json } = await sidecar.get(replay.json.location, SHOP);
      return status === 200 && (json as { outcome: string });
    });
    assert.equal(receipt.outcome, "applied");
  });

  it("a principal without the grant of a table reads none of it", async () => {
    const grants = await sidecar.get("/tables/todos", by("shop"));
    assert.equal(grants.status, 403, grants.text);
    assert.match(grants.json.detail, /no grant to read todos/);
    assert.equal((await sidecar.get("/tables/customers", by("shop"))).status, 200);
    assert.equal((await sidecar.get("/tables/todos", by("operator"))).status, 200);
  });
});
