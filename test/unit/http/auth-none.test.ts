import assert from "node:assert/strict";
import { test } from "node:test";
import { openAuthentication } from "../../../src/http/auth-none.ts";

const local = openAuthentication({ localOnly: true, origins: ["https://page.example"] });
const open = openAuthentication({ localOnly: false, origins: [] });
const refused = { body: { status: 403 } } as const;
const isRefused = (error: unknown) => (error as typeof refused).body.status === 403;

test("without authentication everybody is anybody: programs, and pages of this sidecar", async () => {
  for (const headers of [{}, { host: "localhost:8080" }, { host: "127.0.0.1" }, { host: "[::1]:80" }]) {
    assert.equal((await local(headers)).name, "anybody");
    for (const site of ["same-origin", "none"]) {
      assert.equal((await local({ ...headers, "sec-fetch-site": site })).name, "anybody");
    }
  }
});

test("a browser does nothing here for the page of another site", async () => {
  for (const site of ["cross-site", "same-site"]) {
    for (const authenticate of [local, open]) {
      await assert.rejects(authenticate({ host: "localhost:8080", "sec-fetch-site": site }), isRefused);
    }
  }
});

test("a page of an origin that is named for CORS may act here", async () => {
  const headers = { host: "localhost:8080", "sec-fetch-site": "cross-site" };
  assert.equal((await local({ ...headers, origin: "https://page.example" })).name, "anybody");
  await assert.rejects(local({ ...headers, origin: "https://other.example" }), isRefused);
});

test("a name that somebody made point here is not this machine, unless other hosts are meant", async () => {
  for (const host of ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1"]) {
    await assert.rejects(local({ host, "sec-fetch-site": "same-origin" }), isRefused);
    assert.equal((await open({ host })).name, "anybody");
  }
});
