import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { metadataServer } from "../../support/metadata-server.ts";
import { healthOf, type RowpostProcess, startRowpost } from "../../support/process.ts";
import { type Rig, rig as openRig } from "../../support/rig.ts";
import { type RotatingAccount, rotatingAccount } from "../../support/rotating-account.ts";
import { secretManager } from "../../support/secret-manager.ts";
import type { Scope } from "../../support/servers.ts";
import { postUpdate } from "../../support/sidecar-process.ts";
import { until } from "../../support/until.ts";

const file = { after: (fn: () => Promise<void>) => after(fn) };
const metadata = await metadataServer(file);
const manager = await secretManager(file);
manager.admit(metadata.token());
expectNoLeaks();

/** A place of a test's own: what a killed worker held would be lost to the next one. */
async function preparedRig(t: Scope): Promise<Rig> {
  const rig = await openRig(t);
  await rig.migrate();
  await rig.topology();
  return rig;
}

/** Processes start slowly while others test beside. */
const SLOW = { timeoutMs: 60_000 };

/** All that must not be seen anywhere. */
const hidden = new Set<string>([metadata.token()]);

/** What a process of these tests is told, but for its secrets. */
function environmentOf(rig: Rig, { user }: RotatingAccount, secrets: Readonly<Record<string, string>>) {
  const { DB_PASS: _, ...variables } = rig.environment;
  const own = { DB_USER: user, LOG_LEVEL: "trace", PORT: "0" };
  return { ...variables, ...metadata.environment, ...manager.environment, ...own, ...secrets };
}

function nothingShown(text: string): void {
  for (const secret of hidden) {
    for (const form of [secret, Buffer.from(secret).toString("base64"), encodeURIComponent(secret)])
      assert.ok(!text.includes(form), `a secret is shown: ${text}`);
  }
}

function update(key: string) {
  const row = { customerID: key };
  return { key, body: { table: "customers", op: "upsert", key: row, set: { firstName: "Ada" } } };
}

async function applied(on: Rig, key: string): Promise<void> {
  await on.publish([update(key)]);
  await until(
    `${key} is applied`,
    async () => (await on.database.query(`SELECT 1 FROM customers WHERE customerID='${key}'`)).length > 0,
    SLOW,
  );
}

async function ended(process: RowpostProcess): Promise<{ readonly code: number; readonly output: string }> {
  const { code } = (await process.exited) as { code: number };
  const output = await process.output();
  nothingShown(output);
  return { code, output };
}

/** A worker process, and what its probes say. */
async function startWorker(t: Scope, environment: Readonly<Record<string, string>>) {
  const process = await startRowpost(t, ["worker"], environment);
  const health = await healthOf(process);
  return {
    process,
    ready: () => until("it is ready", async () => (await health.get("/readyz")).status === 200, SLOW),
    /** Resolves with the reason as soon as it is one like this. */
    unready: (pattern: RegExp) =>
      until(
        `its reason is like ${pattern}`,
        async () => {
          const { status, body } = await health.get("/readyz");
          nothingShown(body);
          return status === 503 && pattern.test(body) && body;
        },
        SLOW,
      ),
    async showsNothing() {
      nothingShown(await process.output());
      nothingShown((await health.get("/metrics")).body);
      nothingShown((await health.get("/readyz")).body);
    },
  };
}

/** A place where a password is kept, and how it gets there. */
interface Kept {
  readonly environment: Readonly<Record<string, string>>;
  put(password: string): Promise<void>;
}

function inManager(): Kept {
  const secret = `projects/demo/secrets/s-${randomBytes(6).toString("hex")}`;
  return {
    environment: { DB_PASS: `gcp-secret://${secret}/versions/latest` },
    put: async (password) => void manager.add(secret, password),
  };
}

/** As the kubelet does it: the file is a link into `..data`, which is a link that is turned. */
async function inMount(t: Scope): Promise<Kept> {
  const mount = await mkdtemp(join(tmpdir(), "rowpost-mount-"));
  t.after(() => rm(mount, { recursive: true }));
  await symlink("..data/password", join(mount, "password"));
  let generation = 0;
  return {
    environment: { DB_PASS_FILE: join(mount, "password") },
    async put(password) {
      generation += 1;
      await mkdir(join(mount, `..${generation}`));
      await writeFile(join(mount, `..${generation}`, "password"), `${password}\n`);
      await symlink(`..${generation}`, join(mount, "..data_tmp"));
      await rename(join(mount, "..data_tmp"), join(mount, "..data"));
    },
  };
}

for (const [place, keep] of [
  ["Secret Manager", async () => inManager()],
  ["a mounted file", inMount],
] as const) {
  test(`a password that is rotated in ${place} is taken by a running worker, which pauses in between`, async (t) => {
    const rig = await preparedRig(t);
    const account = await rotatingAccount(t, rig.database);
    const kept = await keep(t);
    for (const password of account.passwords) hidden.add(password);
    await kept.put(account.passwords[0] ?? "");
    const environment = environmentOf(rig, account, kept.environment);
    const migrated = await ended(await startRowpost(t, ["migrate", "up"], environment));
    assert.equal(migrated.code, 0, migrated.output);

    const before = manager.accesses.length;
    const worker = await startWorker(t, environment);
    await worker.ready();
    await applied(rig, `${account.user}-1`);
    if (place === "Secret Manager") assert.equal(manager.accesses.length - before, 1);

    const password = await account.rotate();
    hidden.add(password);
    await applied(rig, `${account.user}-2`);

    await account.cut();
    const began = performance.now();
    const asked = manager.accesses.length;
    await rig.publish([update(`${account.user}-3`)]);
    await worker.unready(/Access denied/);
    await kept.put(password);
    await worker.ready();
    await applied(rig, `${account.user}-4`);
    await applied(rig, `${account.user}-3`);
    const seconds = (performance.now() - began) / 1000;
    const times = manager.accesses.length - asked;
    if (place === "Secret Manager") assert.ok(times >= 1 && times <= seconds + 2, `${times} accesses`);
    assert.ok(worker.process.alive);
    await worker.showsNothing();
  });
}

test("a worker whose secrets cannot be had says so, waits, and goes on when they are there", async (t) => {
  const rig = await preparedRig(t);
  const account = await rotatingAccount(t, rig.database);
  const [password = ""] = account.passwords;
  const [pass, key] = [`projects/demo/secrets/${account.user}`, `projects/demo/secrets/${account.user}-key`];
  const signingKey = randomBytes(32).toString("hex");
  for (const secret of [password, signingKey]) hidden.add(secret);
  const environment = environmentOf(rig, account, {
    DB_PASS: `gcp-secret://${pass}/versions/1`,
    PUBLISHER_SIGNING_KEY: `gcp-secret://${key}/versions/1`,
  });
  const worker = await startWorker(t, environment);
  await worker.unready(/"code":"secrets","message":"DB_PASS: the secret \S+ does not exist; add the version/);
  const migrate = await ended(await startRowpost(t, ["migrate", "status"], environment));
  assert.equal(migrate.code, 1);
  assert.match(
    migrate.output,
    /^rowpost: cannot open the database .*: DB_PASS: the secret .* does not exist; [^\n]+\n$/,
  );
  manager.add(pass, password);
  await worker.unready(/"code":"secrets","message":"PUBLISHER_SIGNING_KEY: the secret \S+ does not exist/);
  await until("its log says so too", async () =>
    /the intake is paused: PUBLISHER_SIGNING_KEY: the secret/.test(await worker.process.output()),
  );
  const refused = await ended(await startRowpost(t, ["sidecar"], environment));
  assert.equal(refused.code, 1);
  assert.match(refused.output, /^rowpost: PUBLISHER_SIGNING_KEY: the secret .* does not exist; [^\n]+\n$/);
  manager.add(key, signingKey);
  await worker.ready();

  const sidecar = await startRowpost(t, ["sidecar"], environment);
  const url = await until(
    "it says where it is",
    async () => /"http":"([^"]+)"/.exec(await sidecar.output())?.[1],
    SLOW,
  );
  const posted = await postUpdate(url, account.user, update(account.user).body, {
    prefer: "wait=30",
  });
  const receipt = await posted.text();
  assert.equal(posted.status, 200, receipt);
  nothingShown(receipt);
  nothingShown(await (await fetch(`${url}/metrics`)).text());
  nothingShown(await (await fetch(`${url}/readyz`)).text());
  nothingShown(await sidecar.output());
  await worker.showsNothing();
});

test("a reference that is none is a fault of the configuration", async (t) => {
  const rig = await preparedRig(t);
  const account = await rotatingAccount(t, rig.database);
  const environment = environmentOf(rig, account, { DB_PASS: "gcp-secret://demo/db-pass" });
  const { code, output } = await ended(await startRowpost(t, ["worker"], environment));
  assert.equal(code, 2);
  assert.match(output, /DB_PASS: is not gcp-secret:\/\/projects\/P\/secrets\/S\/versions\/V\n$/);
});
