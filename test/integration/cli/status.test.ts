import assert from "node:assert/strict";
import { test } from "node:test";
import { statusCommand } from "../../../src/cli/status.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { runCommand } from "../../support/run-command.ts";
import { testRegistry } from "../../support/tables.ts";
import { addTo, type Desk, makeCounter, message, openDesk } from "./kept-letters.ts";

expectNoLeaks();

const status = (desk: Desk, ...args: string[]) =>
  runCommand((context) => statusCommand(context, async () => testRegistry), args, desk);

test("an applied update's receipt says what it changed and how long it took", async (t) => {
  const desk = await openDesk(t);
  await makeCounter(desk, "a");
  const update = addTo("a", 1, "k-1");
  await desk.settle({ ...update, publishedAt: new Date(Date.now() - 90_000) });
  const { code, stdout } = await status(desk, "k-1");
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^outcome {6}applied, 1 row changed\nkey {10}k-1\nmessage {6}m\d+\npublished {4}\S+Z\nsettled {6}\S+Z, 9\d s later\nfingerprint {2}[0-9a-f]{64}\n$/,
  );
});

test("a rejected update's receipt says why, where, and which dead letter keeps it", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(addTo("a", 1, "k-1"));
  const { code, stdout } = await status(desk, "k-1");
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^outcome {6}rejected: row_missing\nreason {7}table counters: there is no such row\npointer {6}\/key\ndead letter {2}1 \(rowpost dead-letters show 1\)\nkey /,
  );
});

test("another update that came under the same key is named beside the first one's receipt", async (t) => {
  const desk = await openDesk(t);
  await makeCounter(desk, "a");
  await desk.settle(addTo("a", 1, "k-1"), addTo("a", 2, "k-1"));
  const { stdout } = await status(desk, "k-1");
  assert.match(stdout, /^outcome {6}applied/);
  assert.match(stdout, /\ndead letter {2}1, also of this key: key_reused: idempotency key k-1 has settled/);
});

test("a key without a receipt is told as such, with a failing exit code", async (t) => {
  const desk = await openDesk(t);
  const { code, stdout } = await status(desk, "k-1");
  assert.equal(code, 1);
  assert.equal(
    stdout,
    "no receipt for k-1: its update may still be on its way, or was settled more than 168 h ago, or was never published under this key\n",
  );
});

test("JSON carries the receipt and the dead letters of its key; without a receipt its code is no_receipt", async (t) => {
  const desk = await openDesk(t);
  await desk.settle(message("{", { "idempotency-key": "k-1" }));
  const found = JSON.parse((await status(desk, "k-1", "--json")).stdout) as Record<string, unknown>;
  assert.equal(found["outcome"], "rejected");
  assert.equal(found["code"], "malformed");
  assert.equal(found["rowsChanged"], 0);
  assert.equal(typeof found["latencyMs"], "number");
  assert.deepEqual(
    (found["deadLetters"] as { id: string }[]).map(({ id }) => id),
    ["1"],
  );
  const none = await status(desk, "k-2", "--json");
  assert.equal(none.code, 1);
  assert.deepEqual(JSON.parse(none.stdout), {
    idempotencyKey: "k-2",
    outcome: null,
    code: "no_receipt",
    latencyMs: null,
    deadLetters: [],
  });
});

test("what cannot be a key is wrong use", async (t) => {
  const desk = await openDesk(t);
  const { code, stderr } = await status(desk, " k");
  assert.equal(code, 2);
  assert.match(stderr, /an idempotency key has 1 to 255 printable ASCII characters/);
});

test("a database that does not answer is told with its address", async (t) => {
  const desk = await openDesk(t);
  const environment = { ...desk.environment, DB_PORT: "1" };
  const { code, stderr } = await status({ ...desk, environment }, "k-1");
  assert.equal(code, 1);
  assert.match(stderr, /^rowpost: cannot open the database t_\w+ at 127\.0\.0\.1:1: /);
  const nowhere = await status({ ...desk, environment: {} }, "k-1");
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /no database is configured: set INSTANCE_HOST/);
});
