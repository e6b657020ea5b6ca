import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, it } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { rig } from "../../support/rig.ts";
import { testSidecar } from "../../support/sidecar.ts";

const FOLDER = join(import.meta.dirname, "../../../src/http/page");
const file = { after };
const sidecar = await testSidecar(file, {}, { rig: await rig(file) });
// After the hooks of what is opened above.
expectNoLeaks();

it("the page may load what this server serves, and nothing else", async () => {
  const { status, headers } = await sidecar.get("/");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(
    headers.get("content-security-policy"),
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
});

it("each file of the page is served as it is, and not again to who has it", async () => {
  for (const name of await readdir(FOLDER)) {
    const path = name === "index.html" ? "/" : `/page/${name}`;
    const { status, text, headers } = await sidecar.get(path);
    assert.equal(status, 200, path);
    assert.equal(text, await readFile(join(FOLDER, name), "utf8"));
    const etag = headers.get("etag");
    assert(etag !== null);
    const again = await sidecar.get(path, { "if-none-match": etag });
    assert.equal(again.status, 304, path);
    assert.equal(again.text, "");
  }
});

it("the page's modules write text, never markup", async () => {
  for (const name of await readdir(FOLDER)) {
    const source = await readFile(join(FOLDER, name), "utf8");
    assert.doesNotMatch(
      source,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\bstyle=|https?:\/\/(?!www\.w3\.org\/2000\/svg)/,
      name,
    );
  }
});
