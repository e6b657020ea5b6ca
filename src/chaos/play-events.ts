import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { migrateUp } from "../store/migrate.ts";
import { openStore } from "../store/open-store.ts";
import { purge } from "../store/purge.ts";
import { registryOf } from "../tables/registry.ts";
import type { ChaosEvent, TimedEvent } from "./chaos-events.ts";
import { STORM, USUAL } from "./chaos-faults.ts";
import type { ChaosScene } from "./chaos-scene.ts";

/** How often each thing was done. */
export type Played = Record<ChaosEvent["kind"], number>;

export interface PlayOptions {
  /** The share of all messages that is settled, 0 to 1. */
  readonly settled: () => number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

const MIGRATIONS = join(import.meta.dirname, "migrations");

/**
 * Does each thing at its time; they may overlap, but for those that stop and start the same server. Time is what is settled: on a
 * slow machine things are done as often to as many updates as on a fast one. Rejects with what could not be done, and when
 * nothing is settled any more. In the end the network is whole and every server runs.
 */
export async function playEvents(
  scene: ChaosScene,
  events: readonly TimedEvent[],
  { settled, signal, say }: PlayOptions,
): Promise<Played> {
  const played: Played = {
    "kill-worker": 0,
    "kill-sidecar": 0,
    "restart-mysql": 0,
    cut: 0,
    delay: 0,
    blackhole: 0,
    "broker-storm": 0,
    purge: 0,
    migrate: 0,
  };
  const turns = new Map<string, Promise<void>>();
  for (const { at, event } of events) {
    await reached(at, settled, signal);
    const what = turnOf(event);
    const before = turns.get(what) ?? Promise.resolve();
    const done = before.then(async () => {
      say(describe(event));
      if (await play(scene, event)) played[event.kind] += 1;
    });
    // Told at the end; until then the others go on.
    done.catch(() => {});
    turns.set(what, done);
  }
  await Promise.all(turns.values());
  scene.proxy.delay(0);
  scene.proxy.heal();
  return played;
}

async function reached(share: number, settled: () => number, signal: AbortSignal): Promise<void> {
  let before = -1;
  let since = performance.now();
  for (let now = settled(); now < share; now = settled()) {
    if (now > before) {
      before = now;
      since = performance.now();
    }
    if (performance.now() - since > STUCK_MS)
      throw new Error(`nothing is settled any more: it stays at ${Math.floor(now * 100)} %`);
    await delay(20, undefined, { signal });
  }
}

/** Longer than any outage that is made here, with all that a worker needs to get over it. */
const STUCK_MS = 60_000;

/** What cannot be done twice at once. */
function turnOf(event: ChaosEvent): string {
  switch (event.kind) {
    case "kill-worker":
      return `worker ${event.worker}`;
    case "purge":
    case "migrate":
    case "restart-mysql":
      return "mysql";
    case "delay":
    case "blackhole":
    case "cut":
    case "kill-sidecar":
    case "broker-storm":
      return event.kind;
    default:
      return event satisfies never;
  }
}

/** True when it was done. */
async function play(scene: ChaosScene, event: ChaosEvent): Promise<boolean> {
  const { proxy, broker } = scene;
  switch (event.kind) {
    case "kill-worker":
      // One that has not begun to work has nothing to lose.
      await scene.workers[event.worker]?.ready();
      return (await scene.workers[event.worker]?.kill(event.awayMs)) ?? false;
    case "kill-sidecar":
      return scene.sidecar.kill(event.awayMs);
    case "restart-mysql":
      return restart(scene, event);
    case "cut":
      proxy.cut(event.share);
      return true;
    case "delay":
      proxy.delay(event.ms);
      await delay(event.forMs);
      proxy.delay(0);
      return true;
    case "blackhole":
      proxy.blackhole({ existing: true, fresh: true });
      await delay(event.forMs);
      proxy.heal();
      return true;
    case "broker-storm":
      broker.faults.rates = STORM;
      await delay(event.forMs);
      broker.faults.rates = USUAL;
      return true;
    case "purge":
      return runPurge(scene);
    case "migrate":
      return migrate(scene);
    default:
      return event satisfies never;
  }
}

type Restart = Extract<ChaosEvent, { readonly kind: "restart-mysql" }>;

async function restart({ mysql, workers }: ChaosScene, { how, awayMs, killing }: Restart): Promise<boolean> {
  await mysql.server?.[how]();
  await delay(awayMs / 2);
  const killed = killing ? workers.map((worker) => worker.kill(0)) : [];
  await delay(awayMs / 2);
  await mysql.server?.start();
  await Promise.all(killed);
  return true;
}

/** With the tables' own retention: what the run has written stays. */
async function runPurge({ database }: ChaosScene): Promise<boolean> {
  await using store = await openStore(database, registryOf([]), 2);
  await purge(store, { receiptHours: 168, deadLetterHours: 720 });
  return true;
}

/** What a newer version adds. */
async function migrate({ database }: ChaosScene): Promise<boolean> {
  await using store = await openStore(database, registryOf([]), 2);
  const result = await migrateUp(store, { folder: MIGRATIONS });
  if (result.outcome !== "done") throw new Error(`the migration did not run: ${JSON.stringify(result)}`);
  return result.ran.length === 1;
}

function describe(event: ChaosEvent): string {
  switch (event.kind) {
    case "kill-worker":
      return `kill -9 worker ${event.worker + 1}, away for ${event.awayMs} ms`;
    case "kill-sidecar":
      return `kill -9 the sidecar, away for ${event.awayMs} ms`;
    case "restart-mysql":
      return `${event.how === "kill" ? "kill -9" : "stop"} the database, away for ${event.awayMs} ms${event.killing ? ", and all workers" : ""}`;
    case "cut":
      return `cut ${Math.round(event.share * 100)} % of the connections to the database`;
    case "delay":
      return `${event.ms} ms more to the database and back, for ${event.forMs} ms`;
    case "blackhole":
      return `nothing passes to the database, for ${event.forMs} ms`;
    case "broker-storm":
      return `the broker misbehaves, for ${event.forMs} ms`;
    case "purge":
      return "purge";
    case "migrate":
      return "run a migration of a newer version";
    default:
      return event satisfies never;
  }
}
