import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CliError } from "../../../src/cli/context.ts";
import { createEncoder } from "../../../src/messages/encode.ts";
import { createSigner } from "../../../src/messages/principal.ts";
import { registry } from "../../../src/tables/registry.ts";
import { type Keyed, rig } from "../../support/rig.ts";
import { expectNoLeaks } from "../../support/leaks.ts";

expectNoLeaks();

const KEY = "a signing key of at least thirty-two bytes";
const OLD = "an older signing key of at least thirty-two bytes";
const POLICY = {
  version: 1,
  topic: "none",
  principals: { shop: { tables: { customers: { operations: ["upsert"], columns: ["firstName"] } } } },
};
const folder = mkdtempSync(join(tmpdir(), "rowpost-authority-"));
after(() => rmSync(folder, { recursive: true }));
const POLICY_FILE = join(folder, "policy.json");
writeFileSync(POLICY_FILE, JSON.stringify(POLICY));

const encode = createEncoder(registry, { changes: 100, dataBytes: 1_000_000, depth: 64 });
const change = (key: string, set: object) => ({
  table: "customers",
  op: "upsert",
  key: { customerID: key },
  set,
});

/** An update as a sidecar with this signing key publishes it. */
function signed(key: string, update: object, principal = "shop", signingKey = KEY): Keyed {
  const { message } = encode(JSON.parse(JSON.stringify(update)), key);
  assert.ok(message !== undefined);
  const signature = createSigner([signingKey]).sign({ principal, key, fingerprint: message.fingerprint });
  const attributes = { "rowpost-principal": principal, "rowpost-signature": signature };
  return { key, body: update, attributes };
}

test("a worker applies what a granted principal signed, and keeps the rest as forbidden dead letters", async (t) => {
  const on = await rig(t, { POLICY_FILE, PUBLISHER_SIGNING_KEY: `${KEY},${OLD}` });
  await Promise.all([on.migrate(), on.topology()]);
  const ada = (key: string) => change(key, { firstName: "Ada" });
  const good = signed("altered-update", ada("good"));
  await on.publish([
    signed("signed", ada("signed")),
    signed("older-key", ada("older-key"), "shop", OLD),
    { ...good, body: change("good", { firstName: "Eve" }) },
    { ...good, key: "altered-key" },
    { ...good, key: "altered-principal", attributes: { ...good.attributes, "rowpost-principal": "boss" } },
    { key: "unsigned", body: ada("unsigned"), attributes: { "rowpost-principal": "shop" } },
    { key: "nameless", body: ada("nameless") },
    signed("foreign-key", ada("foreign-key"), "shop", "a signing key that the worker does not have"),
    signed("ungranted-column", change("u", { firstName: "A", lastName: "L" })),
    signed("ungranted-principal", ada("p"), "nobody"),
  ]);
  const { told } = on.worker();
  await told.until("all settled", () => told.settled.length >= 10);
  const receipts = await on.database.query(
    "SELECT idempotency_key AS k,outcome,code FROM receipts ORDER BY 1",
  );
  const forbidden = [
    "altered-key",
    "altered-principal",
    "altered-update",
    "foreign-key",
    "nameless",
    "ungranted-column",
    "ungranted-principal",
    "unsigned",
  ];
  assert.deepEqual(
    receipts.filter(({ outcome }) => outcome === "rejected").map(({ k, code }) => [String(k), code]),
    forbidden.map((key) => [key, "forbidden"]),
  );
  const rows = await on.database.query("SELECT customerID FROM customers ORDER BY customerID");
  assert.deepEqual(rows, [{ customerID: "older-key" }, { customerID: "signed" }]);
  const letters = await on.database.query(
    "SELECT idempotency_key AS k,rule,message FROM dead_letters ORDER BY 1",
  );
  assert.deepEqual(
    letters.map(({ k }) => String(k)),
    forbidden,
  );
  const why = new Map(letters.map(({ k, rule, message }) => [String(k), `${rule}: ${message}`]));
  assert.match(why.get("unsigned") ?? "", /^signature: .* is not signed/);
  assert.match(why.get("altered-principal") ?? "", /^signature: .*"boss" is not proven/);
  assert.match(why.get("nameless") ?? "", /^grant: The message names no principal/);
  assert.match(why.get("ungranted-column") ?? "", /^grant: .*"shop" has no grant for the column lastName/);
  assert.match(why.get("ungranted-principal") ?? "", /^grant: .*"nobody" has no grants/);
});

test("a worker with a faulty policy does not start, and tells every fault with its place", async (t) => {
  const faulty = join(folder, "faulty.yaml");
  writeFileSync(faulty, "version: 1\nprincipals:\n  shop: { tables: { custmers: {} }, read: [todo] }\n");
  const on = await rig(t, { POLICY_FILE: faulty });
  assert.throws(
    () => on.worker(),
    (error: unknown) => {
      assert.ok(error instanceof CliError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, /tables\/custmers: there is no table "custmers"; did you mean customers\?/);
      assert.match(error.message, /read\/0: there is no table "todo"; did you mean todos\?/);
      return true;
    },
  );
});
