import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { AVRO_ENCODINGS, AVRO_SCHEMA_TEXT } from "../../../src/messages/avro-schema.ts";
import { applyTopology } from "../../../src/pubsub/topology.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
// After the hooks of what is opened above.
expectNoLeaks();

const WAIT = { prefer: "wait=20" };
const customer = (id: string, firstName: string) => ({
  table: "customers",
  op: "upsert",
  key: { customerID: id },
  set: { firstName },
});
const attach = (encoding: "JSON" | "BINARY") =>
  applyTopology(rig.client, rig.config.pubsub, {
    name: rig.config.pubsub.schema,
    definition: AVRO_SCHEMA_TEXT,
    encoding,
  });

describe("a sidecar whose topic has the schema of updates", () => {
  for (const encoding of AVRO_ENCODINGS) {
    it(`publishes in ${encoding}, also when it has published otherwise before`, async () => {
      await attach(encoding);
      const sent = await sidecar.post("/updates", customer(encoding, "Ada"), { "idempotency-key": encoding });
      assert.equal(sent.status, 202, sent.text);
      const settled = await sidecar.post("/updates", customer(`${encoding}-2`, "é😀"), WAIT);
      assert.equal(settled.status, 200, settled.text);
      assert.equal(settled.json.outcome, "applied");
      const again = await sidecar.post("/updates", customer(encoding, "Ada"), {
        "idempotency-key": encoding,
        ...WAIT,
      });
      assert.equal(again.status, 200, again.text);
      assert.equal(again.json.outcome, "applied");
      const other = await sidecar.post("/updates", customer(encoding, "Bob"), {
        "idempotency-key": encoding,
        ...WAIT,
      });
      assert.equal(other.json.code, "key_reused", other.text);
    });
  }

  it("refuses a bad item of a list alone, and the others are applied", async () => {
    const updates = [customer("x", "X"), { table: "customers", op: "merge" }, customer("z", "Z")];
    const answer = await sidecar.post("/updates", { updates }, WAIT);
    const statuses = answer.json.results.map(({ status }: { status: number }) => status);
    assert.deepEqual(statuses, [200, 422, 200], answer.text);
  });

  it("keeps every digit of a flat row", async () => {
    const row = '{"id":109382716453829173,"content":"<p>hi</p>","application":{"n":18446744073709551615}}';
    const answer = await sidecar.post("/update/toots", row);
    assert.equal(answer.status, 201, answer.text);
    const [kept] = await rig.database.query("SELECT id,application FROM toots");
    assert.equal(kept?.["id"], "109382716453829173");
    assert.match(String(kept?.["application"]), /18446744073709551615/);
  });
});
