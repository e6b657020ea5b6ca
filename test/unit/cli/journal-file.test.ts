import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock, test, type TestContext } from "node:test";
import { CliError } from "../../../src/cli/context.ts";
import { type JournalDisk, JournalFile, openJournal } from "../../../src/cli/journal-file.ts";
import type { Fingerprint, IdempotencyKey } from "../../../src/messages/update.ts";

const update = (key: string) => ({ key: key as IdempotencyKey, fingerprint: "0".repeat(64) as Fingerprint });
const sent = async () => "17";

/** A disk of the test: what it has taken, and what it does next. */
class Disk {
  text = "";
  writes = 0;
  full = false;
  /** Bytes that are still taken when it is full. */
  rest = 0;
  hold: Promise<void> | undefined;

  write = async (bytes: Buffer): Promise<{ bytesWritten: number }> => {
    this.writes += 1;
    await this.hold;
    const room = this.full ? Math.min(this.rest, bytes.length) : bytes.length;
    this.rest -= this.full ? room : 0;
    if (room === 0) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
    this.text += bytes.toString("utf8", 0, room);
    return { bytesWritten: room };
  };
  close = async () => {};
}

function onDisk(withoutLine: "stop" | "send") {
  const disk = new Disk();
  const lost: number[] = [];
  const told = (_: unknown, lines: number) => void lost.push(lines);
  const journal = new JournalFile("j", disk as unknown as JournalDisk, { withoutLine, lost: told });
  const lines = () => disk.text.split("\n").slice(0, -1);
  return { disk, lost, journal, lines };
}

/** `sent k-1`, `confirmed k-1`, `lost 3`, `torn` */
function short(lines: readonly string[]): string[] {
  return lines.map((line) => {
    try {
      const { key, confirmed, lost } = JSON.parse(line) as Record<string, unknown>;
      return lost === undefined ? `${confirmed === undefined ? "sent" : "confirmed"} ${key}` : `lost ${lost}`;
    } catch {
      return "torn";
    }
  });
}

test("an update goes to the broker when its line is written, not before", async () => {
  const { disk, journal, lines } = onDisk("send");
  const atSend: string[] = [];
  const id = await journal.publish(update("k"), async () => {
    atSend.push(...short(lines()));
    return "17";
  });
  assert.equal(id, "17");
  assert.deepEqual(atSend, ["sent k"]);
  await journal[Symbol.asyncDispose]();
  assert.deepEqual(short(lines()), ["sent k", "confirmed k"]);
  assert.equal(disk.writes, 2);
});

test("updates of one turn share their writes, and stay in order", async () => {
  const { disk, journal, lines } = onDisk("send");
  const keys = Array.from({ length: 1_000 }, (_, i) => `k-${i}`);
  const order: string[] = [];
  await Promise.all(
    keys.map((key) =>
      journal.publish(update(key), async () => {
        order.push(key);
        return "1";
      }),
    ),
  );
  await journal[Symbol.asyncDispose]();
  assert.deepEqual(order, keys);
  assert.deepEqual(short(lines()), [
    ...keys.map((key) => `sent ${key}`),
    ...keys.map((key) => `confirmed ${key}`),
  ]);
  assert(disk.writes <= 3, `${disk.writes} writes`);
});

test("an update that the broker does not confirm stays without a confirmation", async () => {
  const { journal, lines } = onDisk("send");
  await assert.rejects(
    journal.publish(update("k"), () => Promise.reject(new Error("away"))),
    /away/,
  );
  await journal[Symbol.asyncDispose]();
  assert.deepEqual(short(lines()), ["sent k"]);
});

test("a full disk does not keep updates from being sent; what is missing is counted, and told in the journal later", async () => {
  const { disk, lost, journal, lines } = onDisk("send");
  await journal.publish(update("a"), sent);
  await new Promise(setImmediate);
  disk.full = true;
  disk.rest = 20;
  assert.equal(await journal.publish(update("b"), sent), "17");
  assert.equal(await journal.publish(update("c"), sent), "17");
  await new Promise(setImmediate);
  disk.full = false;
  await journal.publish(update("d"), sent);
  await journal[Symbol.asyncDispose]();
  const missing = lost.reduce((total, one) => total + one, 0);
  assert.deepEqual(short(lines()), [
    "sent a",
    "confirmed a",
    "torn",
    `lost ${missing}`,
    "sent d",
    "confirmed d",
  ]);
  assert(missing === 4, String(lost));
});

test("a disk that takes a part of many lines loses those that it did not take wholly", async () => {
  const { disk, lost, journal, lines } = onDisk("send");
  disk.full = true;
  disk.rest = 300;
  await Promise.all(
    ["a", "b", "c", "d"].map((key) => journal.publish(update(key), () => Promise.reject(1)).catch(() => {})),
  );
  assert.deepEqual(short(lines()), ["sent a", "sent b"]);
  assert.deepEqual(lost, [2]);
  await journal[Symbol.asyncDispose]();
});

test("a run that keeps a journal sends nothing that the disk does not take, and says so once", async () => {
  const { disk, journal } = onDisk("stop");
  await journal.publish(update("a"), sent);
  disk.full = true;
  const all = await Promise.allSettled(
    ["b", "c"].map((key) => journal.publish(update(key), () => assert.fail("sent"))),
  );
  for (const one of all) {
    assert(one.status === "rejected" && one.reason instanceof CliError, JSON.stringify(one));
    assert.match(one.reason.message, /cannot append to the journal j: ENOSPC/);
    assert.equal(one.reason.exitCode, 1);
  }
  await assert.rejects(
    journal.publish(update("d"), () => assert.fail("sent")),
    /cannot append/,
  );
  await journal[Symbol.asyncDispose]();
});

test("a run whose last confirmations the disk did not take fails when it closes the journal", async () => {
  const { disk, journal } = onDisk("stop");
  await journal.publish(update("a"), async () => {
    disk.full = true;
    return "17";
  });
  await assert.rejects(async () => journal[Symbol.asyncDispose](), /cannot append to the journal j: ENOSPC/);
});

test("a disk that does not answer keeps nobody waiting for longer than a second", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const { disk, lost, journal, lines } = onDisk("send");
  const held = Promise.withResolvers<void>();
  disk.hold = held.promise;
  const first = journal.publish(update("a"), sent);
  await turns();
  const second = journal.publish(update("b"), sent);
  mock.timers.tick(1_000);
  assert.deepEqual(await Promise.all([first, second]), ["17", "17"]);
  assert.equal(await journal.publish(update("c"), sent), "17");
  assert.deepEqual(lost, [0]);
  held.resolve();
  await journal[Symbol.asyncDispose]();
  assert.deepEqual(
    short(lines()).sort(),
    ["a", "b", "c"].flatMap((key) => [`confirmed ${key}`, `sent ${key}`]).sort(),
  );
});

test("a journal goes on behind what the file holds, also when that ends within a line or was truncated meanwhile", async (t) => {
  const path = join(await folder(t), "journal.ndjson");
  await writeFile(path, '{"key":"half');
  const journal = await openJournal(path, { withoutLine: "stop" });
  await journal.publish(update("a"), sent);
  await until(async () => (await readFile(path, "utf8")).includes("confirmed"));
  assert.deepEqual(short((await readFile(path, "utf8")).split("\n").slice(0, -1)), [
    "torn",
    "sent a",
    "confirmed a",
  ]);
  await truncate(path);
  await journal.publish(update("b"), sent);
  await journal[Symbol.asyncDispose]();
  await journal[Symbol.asyncDispose]();
  assert.deepEqual(short((await readFile(path, "utf8")).split("\n").slice(0, -1)), ["sent b", "confirmed b"]);
});

test("a journal that cannot be opened is wrong use", async (t) => {
  const place = await folder(t);
  await assert.rejects(openJournal(place, { withoutLine: "stop" }), (error: CliError) => {
    assert.equal(error.exitCode, 2);
    assert.match(error.message, /^cannot append to the journal .*: EISDIR/);
    return true;
  });
});

async function folder(t: TestContext): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "rowpost-journal-"));
  t.after(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

async function until(seen: () => Promise<boolean>): Promise<void> {
  while (!(await seen())) await new Promise(setImmediate);
}
