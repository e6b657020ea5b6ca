import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { verifyCommand } from "../../src/cli/verify.ts";
import { fileFolder } from "../integration/cli/publish-target.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { runCommand } from "../support/run-command.ts";
import type { Scope } from "../support/servers.ts";
import { preparedRig } from "../support/sidecar.ts";
import { postUpdate, startSidecar } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

expectNoLeaks();
const CLI = join(import.meta.dirname, "../../src/cli.ts");
const LIMIT = { timeout: 180_000 };
const files = await fileFolder({ after });

/** A database and a topic of a test's own, a worker on them, and `rowpost verify --json` of journals. */
async function open(t: Scope) {
  const on = await preparedRig(t);
  const verify = async (...args: string[]) => {
    const run = await runCommand(verifyCommand, [...args, "--json"], on);
    const lines = run.stdout.trim().split("\n");
    const counts = JSON.parse(lines.pop() ?? "") as Record<string, number>;
    const nonzero = Object.entries(counts).filter(([, count]) => count !== 0);
    const listed = lines.map((line) => JSON.parse(line) as Record<string, string>);
    return { ...run, counts: Object.fromEntries(nonzero), listed };
  };
  return { on, verify };
}

const customer = (at: number) =>
  `{"table":"customers","op":"upsert","key":{"customerID":"c-${at}"},"set":{"firstName":"Ada"}}\n`;
const customers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => customer(from + i)).join("");

test(
  "what publish has sent, and the worker applied, leaves nothing; a receipt that is gone is found",
  LIMIT,
  async (t) => {
    const { on, verify } = await open(t);
    on.worker();
    const bad = '{"table":"customers","op":"update","key":{"customerID":"nobody"},"set":{"firstName":"X"}}\n';
    const file = await files.write("a.ndjson", customers(0, 2_000) + bad);
    const journal = files.path("a.journal");
    const publish = await startRowpost(t, ["publish", file, "--journal", journal], on.environment);
    assert.equal((await publish.exited).code, 0, await publish.output());
    const all = await verify(journal, "--wait", "60");
    assert.deepEqual(
      [all.code, all.counts],
      [0, { updates: 2_001, applied: 2_000, rejected: 1 }],
      all.stderr,
    );
    // Sent once more, everything is a duplicate, and counts once.
    const again = await startRowpost(t, ["publish", file, "--journal", journal], on.environment);
    assert.equal((await again.exited).code, 0);
    assert.equal((await readFile(journal, "utf8")).match(/\n/g)?.length, 2 * 2 * 2_001);
    assert.deepEqual((await verify(journal)).counts, all.counts);
    const [gone] = await on.database.query(
      "SELECT idempotency_key AS k FROM receipts WHERE outcome='applied' LIMIT 1",
    );
    await on.database.query(`DELETE FROM receipts WHERE idempotency_key='${String(gone?.["k"])}'`);
    const less = await verify(journal, "--older-than", "0");
    assert.deepEqual(
      [less.code, less.counts],
      [1, { updates: 2_001, applied: 1_999, rejected: 1, stuck: 1 }],
    );
    assert.deepEqual(
      less.listed.map(({ standing, idempotencyKey }) => [standing, idempotencyKey]),
      [["stuck", gone?.["k"]]],
    );
  },
);

test(
  "after kill -9 of publish no key that was sent is missing from its journal, and going on ends at zero",
  LIMIT,
  async (t) => {
    const { on, verify } = await open(t);
    const journal = files.path("b.journal");
    const child = spawn(process.execPath, [CLI, "publish", "-", "--journal", journal], {
      env: { ...process.env, ...on.environment },
    });
    t.after(() => void child.kill("SIGKILL"));
    const closed = once(child, "close");
    const output = text(child.stderr);
    child.stdin.on("error", () => {});
    child.stdin.write(customers(0, 9_000));
    await until("the broker has confirmed some", async () =>
      (await readFile(journal, "utf8")).includes('"confirmed"'),
    );
    child.kill("SIGKILL");
    await closed;
    await output;
    on.worker();
    // Nothing is told as stuck that may never have been sent.
    const cut = await verify(journal, "--older-than", "0", "--wait", "60");
    assert.equal(cut.code, 0, cut.stdout.slice(-2_000));
    const known = new Set(
      (await readFile(journal, "utf8")).split("\n").map((line) => /"key":"([^"]+)"/.exec(line)?.[1]),
    );
    const receipts = await on.database.query("SELECT idempotency_key AS k FROM receipts");
    assert(receipts.length > 0 && receipts.length < 9_000, `${receipts.length}`);
    for (const { k } of receipts) assert(known.has(String(k)), String(k));
    const file = await files.write("b.ndjson", customers(0, 9_000));
    const rest = await startRowpost(
      t,
      ["publish", file, "--from", "1", "--journal", journal],
      on.environment,
    );
    assert.equal((await rest.exited).code, 0, await rest.output());
    const all = await verify(journal, "--wait", "100");
    const { tornLines: _, ...counts } = all.counts;
    assert.deepEqual([all.code, counts], [0, { updates: 9_000, applied: 9_000 }]);
  },
);

test(
  "a journal's disk that is full ends publish before anything is sent without a line",
  LIMIT,
  async (t) => {
    const { on } = await open(t);
    const file = await files.write("c.ndjson", customers(0, 50));
    const full = await startRowpost(t, ["publish", file, "--journal", "/dev/full"], on.environment);
    assert.equal((await full.exited).code, 1);
    const output = await full.output();
    assert.match(output, /c\.ndjson: cannot append to the journal \/dev\/full: ENOSPC/);
    assert.match(output, /c\.ndjson: 0 sent, 0 refused, 0 failed, 50 not confirmed/);
    const nowhere = await startRowpost(t, ["publish", file, "--journal", "/no/such"], on.environment);
    assert.equal((await nowhere.exited).code, 2);
    assert.match(await nowhere.output(), /cannot append to the journal \/no\/such: ENOENT/);
  },
);

test("what a sidecar has answered with 202 stands in its journal, whoever kills it", LIMIT, async (t) => {
  const { on, verify } = await open(t);
  const journal = files.path("d.journal");
  const environment = { ...on.environment, PORT: "0", PUBLISH_JOURNAL: journal };
  const { process: sidecar, url } = await startSidecar(t, environment);
  const accepted: string[] = [];
  let going = true;
  const client = async (name: number) => {
    for (let n = 0; going; n += 1) {
      const key = `s-${name}-${n}`;
      const answer = await postUpdate(url, key, JSON.parse(customer(n))).catch(() => undefined);
      if (answer === undefined) return;
      assert.equal(answer.status, 202);
      accepted.push(key);
    }
  };
  const clients = Array.from({ length: 10 }, (_, name) => client(name));
  await until("updates flow", () => accepted.length > 300);
  await sidecar.kill();
  going = false;
  await Promise.all(clients);
  on.worker();
  const list = {
    updates: [
      JSON.parse(customer(1)),
      { specversion: "1.0", id: "7", source: "/shop", type: "update", data: JSON.parse(customer(2)) },
    ],
  };
  const next = await startSidecar(t, environment);
  const answer = await fetch(`${next.url}/updates`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(list),
  });
  assert.equal(answer.status, 202);
  assert.deepEqual(await next.process.stop(10_000), { code: 0, signal: null });
  const all = await verify(journal, "--wait", "60", "--older-than", "0");
  assert.equal(all.code, 0, all.stdout.slice(-2_000));
  const noted = await readFile(journal, "utf8");
  for (const key of accepted) assert(noted.includes(`{"key":"${key}"`), key);
  const { updates = 0, unconfirmed = 0 } = all.counts;
  assert.equal(updates - unconfirmed, await receiptCount(on.database));
});

test(
  "a sidecar goes on publishing when its journal's disk is full, and says so once, by a metric and in its log",
  LIMIT,
  async (t) => {
    const { on } = await open(t);
    const environment = { ...on.environment, PORT: "0", PUBLISH_JOURNAL: "/dev/full" };
    const { process: sidecar, url, metric } = await startSidecar(t, environment);
    for (const n of [1, 2, 3])
      assert.equal((await postUpdate(url, `k-${n}`, JSON.parse(customer(n)))).status, 202);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    await until(
      "all lines are counted",
      async () => (await metric("rowpost_http_journal_lost_lines_total")) === 6,
    );
    assert.deepEqual(await sidecar.stop(10_000), { code: 0, signal: null });
    const told = (await sidecar.output()).match(
      /.*the journal misses lines; updates are published all the same.*/g,
    );
    assert.equal(told?.length, 1);
    assert.match(told?.[0] ?? "", /"severity":"WARNING".*ENOSPC.*\/dev\/full/);
  },
);

test("a sidecar whose journal cannot be opened does not start", LIMIT, async (t) => {
  const { on } = await open(t);
  const environment = { ...on.environment, PORT: "0", PUBLISH_JOURNAL: "/no/such" };
  const sidecar = await startRowpost(t, ["sidecar"], environment);
  assert.equal((await sidecar.exited).code, 2);
  assert.match(await sidecar.output(), /cannot append to the journal \/no\/such: ENOENT/);
});
