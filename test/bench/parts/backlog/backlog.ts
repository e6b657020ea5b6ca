import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { RowDataPacket } from "mysql2/promise";
import type { BenchMessage } from "../../load.ts";
import { TARGETS } from "../../results.ts";
import { KEPT } from "../../ground.ts";
import { openScene, type Scene } from "../../scene.ts";
import { countOf, receiptFaults } from "../../verify.ts";
import { groundOf } from "../measure.ts";
import { COLUMNS, type PartContext, type PartResult } from "../part.ts";
import { backlogFaults, backlogMessages } from "./messages.ts";
import { type Look, tenthsOf } from "./tenths.ts";
import { imageProgram, type Program, SOURCES, WorkerProcess } from "./worker-process.ts";

const LOOK_MS = 50;
const WINDOW = 5_000;
/** A drain that makes no progress for so long has failed. */
const PATIENCE_MS = 60_000;

/** How fast and in how much memory one `rowpost worker` drains what waited before it started. */
export async function backlog(context: PartContext): Promise<PartResult> {
  const { options, signal, say } = context;
  const count = options.backlog;
  await using scene = await openScene(await groundOf(context));
  await publishBacklog(scene, count, signal);
  say(`${count.toLocaleString("en-US")} messages wait`);
  await using program = await programOf(options.smoke);
  const { looks, peak } = await drain(scene, program, count, signal);
  const faults = [
    ...(await receiptFaults(scene.connection, count)),
    ...(await backlogFaults(scene.connection, count)),
  ];
  if (faults.length > 0) throw new Error(`rowpost has a wrong result: ${faults.join("; ")}`);
  const seconds = ((looks.at(-1)?.at ?? 0) - (looks.find(({ drained }) => drained > 0)?.at ?? 0)) / 1000;
  const tenths = tenthsOf(looks, count);
  return {
    name: "backlog",
    title: `A backlog of ${count.toLocaleString("en-US")} messages, by tenths`,
    columns: [COLUMNS.rate, { head: "RSS MB", digits: 0 }],
    rows: tenths.map(({ rate, rss }, i) => ({ title: `tenth ${i + 1}`, x: i + 1, cells: [rate, rss] })),
    notes: [`The image's rowpost worker with its defaults; drained in ${seconds.toFixed(1)} s.`],
    checks: [{ name: "peak RSS in MB", found: peak, target: TARGETS.backlogMB, bound: "most" }],
  };
}

/** The image's program; for a smoke the sources, since to make it takes a while. */
async function programOf(smoke: boolean): Promise<Program & AsyncDisposable> {
  if (smoke) return { ...SOURCES, async [Symbol.asyncDispose]() {} };
  const folder = await mkdtemp(join(KEPT, "bench-image-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  return { ...(await imageProgram(join(folder, "app"))), [Symbol.asyncDispose]: remove };
}

async function publishBacklog(scene: Scene, count: number, signal: AbortSignal): Promise<void> {
  let window: BenchMessage[] = [];
  for (const message of backlogMessages(count)) {
    window.push(message);
    if (window.length < WINDOW) continue;
    signal.throwIfAborted();
    await scene.publish(window);
    window = [];
  }
  await scene.publish(window);
}

/** Runs the worker until each message has its receipt, and looks at it meanwhile. */
async function drain(scene: Scene, program: Program, count: number, signal: AbortSignal) {
  const looks: Look[] = [];
  await using worker = new WorkerProcess(program, scene.place);
  let peak = Number.NaN;
  let progress = performance.now();
  for (let drained = 0; drained < count; ) {
    signal.throwIfAborted();
    if (worker.ended) throw new Error("rowpost worker ended before the backlog did");
    if (performance.now() - progress > PATIENCE_MS) throw new Error(`the drain stands still at ${drained}`);
    const before = drained;
    drained = await drainedBy(scene, count);
    const memory = worker.memory();
    peak = memory.peak;
    looks.push({ at: performance.now(), drained, rss: memory.rss });
    if (drained > before) progress = performance.now();
    if (drained < count) await delay(LOOK_MS, undefined, { signal });
  }
  return { looks, peak };
}

/** By the highest id, which costs nothing to read, as ids have no gaps unless a batch was tried again; near the end they are counted. */
async function drainedBy({ connection }: Scene, count: number): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT MAX(id) AS id FROM receipts");
  const id = Number(rows[0]?.["id"] ?? 0);
  return id < count ? id : countOf(connection, "receipts");
}
