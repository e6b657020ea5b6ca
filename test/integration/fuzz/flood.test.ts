import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { createDecoder } from "../../../src/messages/decode.ts";
import type { Message } from "../../../src/messages/update.ts";
import { registry } from "../../../src/tables/registry.ts";
import { badMessages } from "../../support/fuzz/bad-messages.ts";
import { ROWPOST_FLAGS } from "../../bench/run-candidate.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { healthOf, startRowpost } from "../../support/process.ts";
import { type Rig, rig } from "../../support/rig.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

/** FUZZ=full: as many as the README tells of; else fewer, for every day. Of all, a fifth is good. */
const FULL = process.env["FUZZ"] === "full";
const MESSAGES = FULL ? 100_000 : 5_000;
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_260_711);
const PER_SECOND = 1_250;
const TICK_MS = 20;
const GOOD_OF = 5;
/** How long good ones come alone, at the pace that they keep among the bad ones. */
const ALONE_S = FULL ? 20 : 2;
/** Memory that a worker may take beyond what it has when it is warm, in MiB: a leak of 1 KiB a message is more. */
const GROWTH_MIB = 80;

test(`of ${MESSAGES} messages each bad one is a dead letter, each good one is applied, and memory stays flat`, async (t) => {
  const on = await rig(t);
  await Promise.all([on.migrate(), on.topology()]);
  const worker = await startRowpost(t, ["worker"], on.environment, undefined, ROWPOST_FLAGS);
  const health = await healthOf(worker);
  await until("the worker is ready", async () => (await health.get("/readyz")).status === 200, {
    timeoutMs: 30_000,
  });
  const memory = async () => figuresOf((await health.get("/metrics")).body);

  const sent = mixed();
  const alone = ALONE_S * (PER_SECOND / GOOD_OF);
  await send(on, PER_SECOND / GOOD_OF, good("alone", alone));
  await settled(on, alone);

  const figures = [await memory()];
  for (const half of [sent.messages.slice(0, MESSAGES / 2), sent.messages.slice(MESSAGES / 2)]) {
    await send(on, PER_SECOND, half);
    figures.push(await memory());
  }
  await settled(on, alone + MESSAGES);

  await assertAllKept(on, sent);
  assert.equal(worker.alive, true);
  assertFlat(t, figures);
  await assertUnharmed(t, on);
  t.diagnostic(`seed ${SEED}: ${[...sent.codes].map(([code, n]) => `${code} ${n}`).join(", ")}`);
});

type Sendable = Pick<Message, "data" | "attributes">;

function* good(prefix: string, count: number): Generator<Sendable> {
  for (let i = 0; i < count; i += 1) {
    const set = { firstName: `Ada ${i} 😀`, lastName: null };
    const body = { table: "customers", op: "insert", key: { customerID: `${prefix}-${i}` }, set };
    yield { data: Buffer.from(JSON.stringify(body)), attributes: { "idempotency-key": `${prefix}-${i}` } };
  }
}

/** Every fifth is good. Made beforehand, for it takes longer than to send them. */
function mixed() {
  const decode = createDecoder(registry, { changes: 100, dataBytes: 1_048_576, depth: 64 });
  const goodOnes = [...good("mixed", MESSAGES / GOOD_OF)];
  const bad = [...take(badMessages(registry, decode, SEED), MESSAGES - goodOnes.length)];
  const codes = new Map<string, number>();
  let sum = 0n;
  for (const { code, data } of bad) {
    codes.set(code, (codes.get(code) ?? 0) + 1);
    sum += BigInt(crc32(Buffer.concat([Buffer.from(code), data])));
  }
  const messages = goodOnes.flatMap((one, i): Sendable[] => [
    one,
    ...bad.slice(i * (GOOD_OF - 1), (i + 1) * (GOOD_OF - 1)),
  ]);
  return { messages, good: goodOnes.length, codes, sum };
}

function* take<T>(items: Iterator<T>, count: number): Generator<T> {
  for (let i = 0; i < count; i += 1) yield items.next().value as T;
}

/** Publishes at a steady pace, as far as the broker keeps up. */
async function send(on: Rig, perSecond: number, messages: Iterable<Sendable>): Promise<void> {
  const began = performance.now();
  let [published, waiting] = [0, [] as Promise<string>[]];
  for (const { data, attributes } of messages) {
    waiting.push(on.publisher.publish(data, attributes));
    published += 1;
    if (waiting.length < (perSecond * TICK_MS) / 1_000) continue;
    await Promise.all(waiting);
    waiting = [];
    await delay(Math.max(0, began + (published / perSecond) * 1_000 - performance.now()));
  }
  await Promise.all(waiting);
}

async function settled(on: Rig, count: number): Promise<void> {
  const receipts = async () => numberIn(await on.database.query("SELECT COUNT(*) AS n FROM receipts"));
  await until(`${count} receipts`, async () => (await receipts()) >= count, {
    timeoutMs: 90_000,
    seen: receipts,
  });
}

function numberIn([row]: readonly Record<string, unknown>[]): number {
  return Number(row?.["n"]);
}

async function assertAllKept({ database }: Rig, sent: ReturnType<typeof mixed>): Promise<void> {
  const found = await database.query("SELECT code,COUNT(*) AS n FROM dead_letters GROUP BY code");
  const codes = new Map(found.map(({ code, n }) => [String(code), Number(n)]));
  assert.deepEqual([...codes].sort(), [...sent.codes].sort());
  // Each with its own code and its own bytes.
  const [sum] = await database.query("SELECT SUM(CRC32(CONCAT(code,data))) AS n FROM dead_letters");
  assert.equal(BigInt(String(sum?.["n"])), sent.sum);
  const like = "FROM receipts WHERE idempotency_key LIKE 'mixed-%' AND outcome='applied'";
  assert.equal(numberIn(await database.query(`SELECT COUNT(*) AS n ${like}`)), sent.good);
  const rows =
    "FROM customers WHERE customerID LIKE 'mixed-%' AND firstName LIKE 'Ada % 😀' AND lastName IS NULL";
  assert.equal(numberIn(await database.query(`SELECT COUNT(*) AS n ${rows}`)), sent.good);
}

interface Figures {
  readonly rss: number;
  readonly heap: number;
  readonly cpu: number;
}

function figuresOf(metrics: string): Figures {
  const of = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1]);
  const mib = (name: string) => Math.round(of(name) / 1_048_576);
  return {
    rss: mib("process_resident_memory_bytes"),
    heap: mib("nodejs_heap_size_used_bytes"),
    cpu: of("process_cpu_seconds_total"),
  };
}

function assertFlat(t: TestContext, figures: readonly Figures[]): void {
  const [start, , end] = figures;
  const told = figures.map(({ rss, heap }) => `${rss} MiB (heap ${heap})`);
  t.diagnostic(`resident memory at the start, in the middle, at the end: ${told.join(", ")}`);
  assert.ok(start !== undefined && end !== undefined && end.rss - start.rss < GROWTH_MIB, told.join(", "));
}

/** Good ones among bad ones are applied at the pace at which they are alone, and as soon. */
async function assertUnharmed(t: TestContext, on: Rig): Promise<void> {
  const [alone, among] = [await paceOf(on, "alone"), await paceOf(on, "mixed")];
  const ratio = among.perSecond / alone.perSecond;
  const told = ({ perSecond, median, p99 }: Pace) =>
    `${Math.round(perSecond)}/s, after ${median} ms (p99 ${p99} ms)`;
  t.diagnostic(
    `good ones alone: ${told(alone)}; with four bad ones to each: ${told(among)}; ratio ${ratio.toFixed(2)}`,
  );
  // On a machine that has other things to do, both fall behind their pace.
  assert.ok(ratio > 0.5, String(ratio));
}

interface Pace {
  readonly perSecond: number;
  readonly median: number;
  readonly p99: number;
}

async function paceOf({ database }: Rig, prefix: string): Promise<Pace> {
  const [rate] = await database.query(
    `SELECT COUNT(*)/(TIMESTAMPDIFF(MICROSECOND,MIN(published_at),MAX(applied_at))/1e6) AS n FROM receipts WHERE idempotency_key LIKE '${prefix}-%'`,
  );
  const waits = await database.query(
    `SELECT TIMESTAMPDIFF(MICROSECOND,published_at,applied_at) AS n FROM receipts WHERE idempotency_key LIKE '${prefix}-%' ORDER BY n`,
  );
  const at = (share: number) => Math.round(Number(waits[Math.floor(waits.length * share)]?.["n"]) / 1_000);
  return { perSecond: Number(rate?.["n"]), median: at(0.5), p99: at(0.99) };
}
