import { setTimeout as delay } from "node:timers/promises";
import type { FaultCounts } from "../local/broker/faults.ts";
import type { MysqlProgram } from "../local/mysql-program.ts";
import type { Publisher } from "../pubsub/port.ts";
import { createPublisher } from "../pubsub/publisher.ts";
import { type Amounts, makeEvents } from "./chaos-events.ts";
import { USUAL } from "./chaos-faults.ts";
import { type ChaosPlan, makePlan } from "./chaos-plan.ts";
import { type ChaosScene, openScene } from "./chaos-scene.ts";
import { checkReceipts } from "./check-receipts.ts";
import { checkRows } from "./check-rows.ts";
import { type Played, playEvents } from "./play-events.ts";
import { prepareRows, OLD_RECEIPTS } from "./prepare-rows.ts";
import { type Sending, sendUpdates } from "./send-updates.ts";
import { rows, watchInvariants } from "./watch-invariants.ts";

export interface ChaosOptions extends Amounts {
  /** Draws the plan, the events and the broker's faults. */
  readonly seed: number;
  readonly updates: number;
  /** How long updates are published, at the least. */
  readonly seconds: number;
  readonly folder: string;
  readonly program: readonly string[];
  readonly mysql?: MysqlProgram | undefined;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface ChaosResult {
  readonly seed: number;
  readonly messages: number;
  readonly updates: number;
  readonly played: Played;
  /** What the broker did. */
  readonly faults: FaultCounts;
  /** Publishes that were tried again. */
  readonly retries: number;
  /** Updates by what became of them. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Snapshots that were looked at while it ran. */
  readonly looks: number;
  /** One sentence each; none: everything is as it must be. */
  readonly violations: readonly string[];
  readonly seconds: number;
}

/** After the last update was published and the stack was left in peace, all must be settled within this time. */
const SETTLE_MS = 90_000;

/**
 * Publishes a seeded plan through a stack to which seeded things are done, and compares what is left with a model that knows
 * nothing of rowpost's own code. Rejects when the stack itself could not be run.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, say } = options;
  const began = performance.now();
  const plan = makePlan(options.updates, seed);
  const events = makeEvents(seed, options);
  await using scene = await openScene(options);
  say(`database: ${scene.mysql.origin}`);
  await prepareRows(scene, plan);
  for (const member of [...scene.workers, scene.sidecar]) await member.start();
  scene.broker.faults.rates = USUAL;
  const complaints = new Complaints();
  const watch = watchInvariants(scene, plan);
  await using _watching = watch;
  const { played, retries, messageIds } = await disturb(scene, plan, events, options);
  say("all are published; the stack is left in peace");
  scene.broker.faults.rates = {};
  for (const member of [...scene.workers, scene.sidecar]) await member.start();
  await settled(scene, plan, complaints, options.signal);
  await stopAll(scene, complaints);
  const outcomes = await check(scene, plan, messageIds, complaints);
  for (const violation of watch.violations) complaints.add(violation);
  return {
    seed,
    messages: plan.messages.length,
    updates: plan.updates.size,
    played,
    faults: scene.broker.faults.counts,
    retries,
    outcomes,
    looks: watch.looks,
    violations: complaints.all,
    seconds: (performance.now() - began) / 1000,
  };
}

/** What is wrong, a sentence each; what comes after the first hundred is left out. */
class Complaints {
  readonly all: string[] = [];
  add = (sentence: string): void => {
    if (this.all.length < MOST_COMPLAINTS) this.all.push(sentence);
  };
}
const MOST_COMPLAINTS = 100;

async function disturb(
  scene: ChaosScene,
  plan: ChaosPlan,
  events: ReturnType<typeof makeEvents>,
  { seconds, signal, say }: ChaosOptions,
): Promise<{ readonly played: Played } & Pick<Sending, "retries" | "messageIds">> {
  const publisher: Publisher = createPublisher(scene.client, scene.topology.topic);
  const url = `http://127.0.0.1:${scene.sidecarPort}`;
  const waiting = () => unsettled(scene);
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const sending = sendUpdates(plan, seconds, { publisher, url, waiting }, both);
  const share = () => Math.max(0, sending.confirmed - waiting()) / plan.messages.length;
  try {
    const [played] = await Promise.all([
      playEvents(scene, events, {
        settled: share,
        signal: both,
        say: (line) => say(`${percent(share())}  ${line}`),
      }),
      sending.done,
    ]);
    return { played, retries: sending.retries, messageIds: sending.messageIds };
  } catch (error) {
    failed.abort(error);
    await sending.done.catch(() => {});
    throw error;
  } finally {
    await publisher.close();
  }
}

function percent(share: number): string {
  return `${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** Messages that the broker has and nobody has acknowledged. */
function unsettled({ topology, broker, client }: ChaosScene): number {
  return [topology.subscription, topology.backstopSubscription]
    .map((name) => broker.unacknowledged(`projects/${client.project}/subscriptions/${name}`))
    .reduce((a, b) => a + b, 0);
}

/** Until each key has its receipt and the broker has nothing left; or nothing more can come. */
async function settled(
  scene: ChaosScene,
  plan: ChaosPlan,
  complaints: Complaints,
  signal: AbortSignal,
): Promise<void> {
  const connection = await scene.connect();
  try {
    const deadline = performance.now() + SETTLE_MS;
    for (let emptySince: number | undefined; ; await delay(100, undefined, { signal })) {
      for (const worker of scene.workers) worker.assertAlive();
      const receipts = await countReceipts(connection, plan);
      const unacknowledged = unsettled(scene);
      if (receipts === plan.updates.size && unacknowledged === 0) return;
      // What is acknowledged and has no receipt never comes again.
      emptySince = unacknowledged > 0 ? undefined : (emptySince ?? performance.now());
      if (emptySince !== undefined && performance.now() - emptySince > LOST_MS) return;
      if (performance.now() < deadline) continue;
      complaints.add(`after ${SETTLE_MS / 1000} s ${unacknowledged} messages are still pending`);
      return;
    }
  } finally {
    connection.destroy();
  }
}

/** A batch in hand is settled in less. */
const LOST_MS = 3_000;

async function countReceipts(connection: Awaited<ReturnType<ChaosScene["connect"]>>, { seed }: ChaosPlan) {
  const [row] = await rows(
    connection,
    `SELECT COUNT(*) AS n FROM receipts WHERE idempotency_key LIKE 'chaos-${seed}-%'`,
  );
  return Number(row?.["n"]);
}

async function stopAll(scene: ChaosScene, complaints: Complaints): Promise<void> {
  for (const member of [...scene.workers, scene.sidecar]) {
    const code = await member.stop();
    if (code !== 0) complaints.add(`${member.name} ended with ${code ?? "SIGKILL"} when it was told to stop`);
  }
}

async function check(
  scene: ChaosScene,
  plan: ChaosPlan,
  messageIds: Sending["messageIds"],
  complaints: Complaints,
): Promise<Record<string, number>> {
  const connection = await scene.connect();
  try {
    const outcomes = await checkReceipts(connection, plan, messageIds, complaints.add);
    await checkRows(connection, plan, outcomes, complaints.add);
    const [old] = await rows(
      connection,
      "SELECT COUNT(*) AS n FROM receipts WHERE idempotency_key LIKE 'old-%'",
    );
    if (Number(old?.["n"]) > 0)
      complaints.add(`${old?.["n"]} of ${OLD_RECEIPTS} old receipts were not purged`);
    const counts: Record<string, number> = {};
    for (const became of outcomes.values()) counts[became] = (counts[became] ?? 0) + 1;
    return counts;
  } finally {
    connection.destroy();
  }
}
