import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { apiKeyCommand } from "../../../src/cli/api-key.ts";
import { assembleAccess } from "../../../src/cli/assemble-access.ts";
import { authorityOf, policyOf, signerOf } from "../../../src/cli/assemble-authority.ts";
import { CliError } from "../../../src/cli/context.ts";
import { type Config, readConfig } from "../../../src/config.ts";
import { ownerOf, readApiKeys } from "../../../src/http/api-keys.ts";
import { registry } from "../../../src/tables/registry.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { runCommand } from "../../support/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "rowpost-access-"));
after(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function configOf(environment: Record<string, string>): Config {
  const { config, faults } = readConfig(environment);
  assert.ok(config !== undefined, faults?.join());
  return config;
}

const clear = (pattern: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === 2 && pattern.test(error.message);

test("rowpost api-key prints a key, and the line that knows it", async () => {
  const { code, stdout, stderr } = await runCommand(apiKeyCommand, ["shop"], { environment: {} });
  assert.equal(code, 0);
  const [key = "", line = ""] = stdout.split("\n");
  assert.deepEqual(ownerOf(key, readApiKeys(line).keys ?? []), { name: "shop" });
  assert.ok(!line.includes(key) && !stderr.includes(key));
  const bad = await runCommand(apiKeyCommand, [" shop"], { environment: {} });
  assert.equal(bad.code, 2);
});

test("a policy is YAML or JSON", () => {
  const grants = { shop: { tables: { customers: { operations: "all" } } } };
  for (const text of [
    JSON.stringify({ version: 1, principals: grants }),
    "version: 1\nprincipals: { shop: {} }\n",
  ]) {
    const config = configOf({ POLICY_FILE: fileOf("policy", text) });
    assert.ok(policyOf(config, registry)?.principals.has("shop"));
    assert.ok(authorityOf(config, registry, undefined) !== undefined);
  }
  assert.equal(authorityOf(configOf({}), registry, undefined), undefined);
});

test("a policy that is missing, no YAML, or says a name twice is one clear error", () => {
  const policy = (file: string) => policyOf(configOf({ POLICY_FILE: file }), registry);
  assert.throws(
    () => policy(join(folder, "none")),
    clear(/^POLICY_FILE: .*none cannot be used:\n {2}it cannot be read/),
  );
  assert.throws(() => policy(fileOf("a", "version: [")), clear(/cannot be used:\n/));
  assert.throws(
    () => policy(fileOf("b", "version: 1\nprincipals:\n  shop: {}\n  shop: { operator: true }\n")),
    clear(/unique[^]*line 4/),
  );
  assert.throws(() => policy(fileOf("c", "")), clear(/\/: /));
});

test("keys that are missing or faulty are one clear error, with every line's fault", async () => {
  const log = createLog({ level: "fatal" });
  const access = (file: string) =>
    assembleAccess(configOf({ AUTH: "api-key", API_KEYS_FILE: file }), registry, log, undefined);
  await assert.rejects(access(join(folder, "none")), clear(/^API_KEYS_FILE: it cannot be read/));
  await assert.rejects(access(fileOf("keys", "a: b\nc: d\n")), clear(/^API_KEYS_FILE: line 1: .*; line 2: /));
});

test("signing keys come from a text or a file, and what is none is one clear error that does not repeat it", async () => {
  const key = "k".repeat(32);
  const signed = { principal: "shop", key: "1", fingerprint: Buffer.alloc(32) as never };
  const signature = (await signerOf(configOf({ PUBLISHER_SIGNING_KEY: key })))?.sign(signed) ?? "";
  const both = await signerOf(
    configOf({ PUBLISHER_SIGNING_KEY_FILE: fileOf("keys", `new-${key}, ${key}\n`) }),
  );
  assert.ok(both?.verify(signature, signed));
  assert.equal(await signerOf(configOf({})), undefined);
  const short = configOf({ PUBLISHER_SIGNING_KEY_FILE: fileOf("short", `${key},hunter2`) });
  await assert.rejects(signerOf(short), (error: Error) => {
    assert.ok(clear(/^PUBLISHER_SIGNING_KEY_FILE: what it leads to must be .* at least 32 bytes/)(error));
    return !error.message.includes("hunter2");
  });
  const none = signerOf(configOf({ PUBLISHER_SIGNING_KEY_FILE: join(folder, "none") }));
  await assert.rejects(none, (error: CliError) => {
    assert.match(error.message, /^PUBLISHER_SIGNING_KEY_FILE: the file .* is not there/);
    return error.exitCode === 1;
  });
});
