import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
expectNoLeaks();

const BUILD = {
  title: "Example",
  link: "https://example.org/builds/1",
  description: "What was built",
  generator: "Hugo",
  language: "en",
  copyright: "© Example",
  lastBuildDate: "2024-07-11T16:26:32",
  atom_link_href: "https://example.org/feed.xml",
  atom_link_rel: "self",
  atom_link_type: "application/rss+xml",
};
const POST = {
  title: "A post 😀",
  link: "https://example.org/posts/1",
  pubDate: "2024-07-11T16:26:32",
  guid: "https://example.org/posts/1?a=b&c",
  description: '<p>It\'s "quoted"</p>',
};
/** As text: no number of it may pass through a double. */
const TOOT = `{"id":109382716453829173,"created_at":"2024-07-11T16:26:32.123","in_reply_to_id":18446744073709551615,
  "in_reply_to_account_id":null,"sensitive":false,"spoiler_text":"","visibility":"public","language":"en",
  "uri":"https://example.social/109382716453829173","url":"https://example.social/@a/109382716453829173",
  "site_url":"${POST.guid}","replies_count":1,"reblogs_count":2,"favourites_count":4294967295,"favourited":true,
  "reblogged":false,"muted":false,"bookmarked":false,"pinned":true,"content":"<p>Hello</p>","filtered":[],
  "reblog":null,"application":{"name":"Web"},"account":{"id":109382716453829174,"score":0.12345678901234567890123},
  "media_attachments":[],"mentions":[{"id":109382716453829175}],"tags":[],"emojis":[],"card":null,"poll":null}`;

describe("the services that this project came from", () => {
  it("get 201 for a build, then 200, and the row holds what was sent", async () => {
    const added = await sidecar.post("/update/builds", BUILD);
    assert.deepEqual([added.status, added.json.message], [201, "Build record added successfully"]);
    const again = await sidecar.post("/update/builds", BUILD);
    assert.deepEqual([again.status, again.json.message], [200, "No update needed for the build record"]);
    const newer = { ...BUILD, lastBuildDate: "2024-07-12T16:26:32", title: "Newer" };
    const updated = await sidecar.post("/update/builds", newer);
    assert.deepEqual([updated.status, updated.json.message], [200, "Build record updated successfully"]);
    const row = await sidecar.get(`/tables/builds/rows/${encodeURIComponent(BUILD.link)}`);
    assert.deepEqual(row.json, { ...newer, lastBuildDate: "2024-07-12T16:26:32Z" });
  });

  it("get 201 for a post of the feed, then 200, and the row holds what was sent", async () => {
    const added = await sidecar.post("/update/feed", POST);
    assert.deepEqual([added.status, added.json.message], [201, "Feed record added successfully"]);
    const again = await sidecar.post("/update/feed", POST);
    assert.deepEqual([again.status, again.json.message], [200, "No update needed for the feed record"]);
    const row = await sidecar.get(`/tables/feed/rows/${encodeURIComponent(POST.guid)}`);
    assert.deepEqual(row.json, { ...POST, pubDate: "2024-07-11T16:26:32Z" });
  });

  it("get the post that is not yet tooted, until it is", async () => {
    const post = await sidecar.get("/get/post?table=toots");
    assert.equal(post.status, 200, post.text);
    assert.equal(post.json.guid, POST.guid);
    const added = await sidecar.post("/update/toots", TOOT);
    assert.deepEqual([added.status, added.json.message], [201, "Toot record added successfully"], added.text);
    const none = await sidecar.get("/get/post?table=toots");
    assert.deepEqual([none.status, none.json.code], [404, "no_row"]);
    const again = await sidecar.post("/update/toots", TOOT);
    assert.deepEqual([again.status, again.json.message], [200, "No update needed for the toot record"]);
  });

  it("find every digit of a toot in its row", async () => {
    const row = await sidecar.get("/tables/toots/rows/109382716453829173");
    assert.equal(row.status, 200, row.text);
    assert.match(row.text, /^\{"id":"109382716453829173","created_at":"2024-07-11T16:26:32\.123Z",/);
    for (const part of [
      '"in_reply_to_id":"18446744073709551615"',
      '"favourites_count":4294967295',
      '"account":{"id":109382716453829174,"score":0.12345678901234567890123}',
      '"mentions":[{"id":109382716453829175}]',
      '"favourited":true',
      '"reblog":null',
      '"tags":[]',
    ]) {
      assert.ok(row.text.includes(part), `${part} is not in ${row.text}`);
    }
    const changed = await sidecar.post("/update/toots", '{"id":"109382716453829173","replies_count":2}');
    assert.deepEqual([changed.status, changed.json.message], [200, "Toot record updated successfully"]);
    const now = await sidecar.get("/tables/toots/rows/109382716453829173");
    assert.equal(now.text, row.text.replace('"replies_count":1', '"replies_count":2'));
  });
});
