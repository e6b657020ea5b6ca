import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { readConfig } from "../../../src/config.ts";
import { newApiKey } from "../../../src/http/api-keys.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const PAGE = "https://page.example";
const OTHER = "http://localhost:3000";
const file = { after };
const folder = mkdtempSync(join(tmpdir(), "rowpost-cors-"));
after(() => rmSync(folder, { recursive: true }));
const key = newApiKey({ name: "page" });
writeFileSync(join(folder, "keys"), `${key.line}\n`);
const rig = await preparedRig(file);
const closed = await testSidecar(file, {}, { rig });
const open = await testSidecar(
  file,
  { CORS_ORIGINS: `${PAGE}, ${OTHER}`, AUTH: "api-key", API_KEYS_FILE: join(folder, "keys") },
  { rig },
);
expectNoLeaks();

/** What a browser asks before a request that no plain form could send. */
const preflight = (origin: string) => ({
  method: "OPTIONS",
  headers: {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,idempotency-key,x-api-key",
  },
});

describe("CORS", () => {
  it("is off unless origins are named", async () => {
    const answer = await closed.get("/tables", { origin: PAGE });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("access-control-allow-origin"), null);
    const asked = await closed.request("/updates", preflight(PAGE));
    assert.equal(asked.headers.get("access-control-allow-origin"), null);
    assert.notEqual(asked.status, 204);
  });

  it("lets the named origins read answers and problems, and no others", async () => {
    for (const origin of [PAGE, OTHER]) {
      for (const path of ["/tables", "/tables/nothing"]) {
        const { headers } = await open.get(path, { origin, "x-api-key": key.key });
        assert.equal(headers.get("access-control-allow-origin"), origin, path);
        assert.equal(headers.get("access-control-allow-credentials"), null);
        assert.match(headers.get("access-control-expose-headers") ?? "", /ETag, Link, Location/);
        assert.match(headers.get("vary") ?? "", /Origin/i);
      }
    }
    for (const origin of [`${PAGE}.evil.example`, "https://evil.example", "null"]) {
      const { status, headers } = await open.get("/tables", { origin, "x-api-key": key.key });
      assert.equal(status, 200);
      assert.equal(headers.get("access-control-allow-origin"), null);
      assert.match(headers.get("vary") ?? "", /Origin/i);
    }
  });

  it("answers what a browser asks first without knowing who asks, and the request itself only when it does", async () => {
    const asked = await open.request("/updates", preflight(PAGE));
    assert.deepEqual([asked.status, asked.text], [204, ""]);
    assert.equal(asked.headers.get("access-control-allow-origin"), PAGE);
    assert.match(asked.headers.get("access-control-allow-methods") ?? "", /POST/);
    assert.match(asked.headers.get("access-control-allow-headers") ?? "", /x-api-key/);
    const refused = await open.get("/tables", { origin: PAGE });
    assert.equal(refused.status, 401);
    assert.equal(refused.headers.get("access-control-allow-origin"), PAGE);
    const foreign = await open.request("/updates", preflight("https://evil.example"));
    assert.equal(foreign.headers.get("access-control-allow-origin"), null);
  });

  it("is configured with origins only", () => {
    for (const wrong of [
      "*",
      "page.example",
      "https://page.example/",
      "https://page.example/x",
      `${PAGE},`,
      "null",
    ]) {
      const { faults } = readConfig({ CORS_ORIGINS: wrong });
      assert.ok(
        faults?.some((fault) => fault.startsWith("CORS_ORIGINS:")),
        wrong,
      );
    }
    assert.deepEqual(readConfig({ CORS_ORIGINS: `${PAGE} ,${OTHER}` }).config?.http.corsOrigins, [
      PAGE,
      OTHER,
    ]);
    assert.deepEqual(readConfig({}).config?.http.corsOrigins, []);
  });
});
