import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { p } from "@mikro-orm/mysql";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registry as shipped, registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const numbered = defineTable({
  name: "numbered",
  columns: { id: p.integer(), site_url: p.integer() },
  key: "id",
});
const file = { after };
const rig = await preparedRig(file);
const sidecar = await testSidecar(file, {}, { rig, registry: registryOf([...shipped.values(), numbered]) });
const others = [...shipped.values()].filter(({ name }) => name !== "feed");
const feedless = await testSidecar(file, {}, { rig, registry: registryOf(others) });
expectNoLeaks();

const next = () => sidecar.get("/get/post?table=toots");

describe("GET /get/post", () => {
  it("gives a post until each one has its row, then 404", async () => {
    assert.deepEqual([(await next()).status, (await next()).json.code], [404, "no_row"]);
    await rig.database.query("INSERT INTO feed (guid,title) VALUES ('a','A'),('b','B'),('c''\\\\','C')");
    await rig.database.query("INSERT INTO toots (id,site_url) VALUES (1,NULL),(2,'A')");
    for (const guid of ["a", "b", "c'\\"]) {
      const answer = await next();
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.guid, guid);
      await rig.database.query(
        `INSERT INTO toots (id,site_url) SELECT MAX(id)+1,'${guid.replace(/['\\]/g, "\\$&")}' FROM toots`,
      );
    }
    const none = await next();
    assert.equal(none.status, 404);
    assert.equal(none.headers.get("content-type"), "application/problem+json");
    assert.equal(none.json.code, "no_row");
  });

  it("asks for a table that can name posts", async () => {
    const asked: [string, RegExp][] = [
      ["", /table/],
      ["?table=", /no table ""/],
      ["?table=toot", /did you mean toots/],
      ["?table=toots&table=toots", /table/],
      ["?table=toots&x=1", /x/],
      ["?table=builds", /builds has no column site_url/],
      ["?table=numbered", /cannot hold the key/],
      ["?table=toots%20WHERE%201%3D1%20--", /no table "toots WHERE 1=1 --"/],
      ["?table=__proto__", /no table "__proto__"/],
    ];
    for (const [query, says] of asked) {
      const answer = await sidecar.get(`/get/post${query}`);
      assert.deepEqual([answer.status, answer.json.code], [400, "bad_request"], `${query}: ${answer.text}`);
      assert.match(answer.json.detail, says, query);
    }
  });

  it("says that there are no posts when no table is called feed", async () => {
    const answer = await feedless.get("/get/post?table=toots");
    assert.deepEqual([answer.status, answer.json.code], [404, "not_found"], answer.text);
  });
});
