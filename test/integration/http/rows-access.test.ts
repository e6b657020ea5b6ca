import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { newApiKey } from "../../../src/http/api-keys.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const file = { after };
const folder = mkdtempSync(join(tmpdir(), "rowpost-rows-"));
after(() => rmSync(folder, { recursive: true }));
const reader = newApiKey({ name: "reader" });
const environment = {
  AUTH: "api-key",
  API_KEYS_FILE: join(folder, "keys"),
  POLICY_FILE: join(folder, "policy.yaml"),
  PUBLISHER_SIGNING_KEY: "a signing key of at least thirty-two bytes",
};
writeFileSync(environment.API_KEYS_FILE, `${reader.line}\n`);
writeFileSync(
  environment.POLICY_FILE,
  "version: 1\ntopic: none\nprincipals:\n  reader:\n    read: [feed, builds]\n",
);
const rig = await preparedRig(file, environment);
const sidecar = await testSidecar(file, environment, { rig });
expectNoLeaks();

const asked = (path: string) => sidecar.get(path, { authorization: `Bearer ${reader.key}` });

it("the tables that are listed are those that the caller may read", async () => {
  const { status, json } = await asked("/tables");
  assert.equal(status, 200);
  assert.deepEqual(json.tables.map(({ name }: { name: string }) => name).sort(), ["builds", "feed"]);
});

it("rows, pages and definitions are for those who may read the table", async () => {
  for (const path of ["/tables/feed", "/tables/feed/rows", "/tables/feed/rows?notIn=builds.link"]) {
    assert.equal((await asked(path)).status, 200, path);
    assert.equal((await sidecar.get(path)).status, 401, path);
  }
  assert.equal((await asked("/tables/feed/rows/x")).json.code, "no_row");
  for (const path of [
    "/tables/toots",
    "/tables/toots/rows",
    "/tables/toots/rows/1",
    "/tables/toots/rows/x",
  ]) {
    const answer = await asked(path);
    assert.deepEqual([answer.status, answer.json.code], [403, "forbidden"], path);
  }
});

it("what another table holds is not to be found out through notIn, nor what columns it has", async () => {
  for (const path of [
    "/tables/feed/rows?notIn=toots.site_url",
    "/tables/feed/rows?notIn=toots.nothing",
    "/get/post?table=toots",
    "/get/post?table=todos",
  ]) {
    const answer = await asked(path);
    assert.deepEqual([answer.status, answer.json.code], [403, "forbidden"], `${path}: ${answer.text}`);
  }
});
