import { setTimeout as delay } from "node:timers/promises";
import type { FaultRates } from "../../src/local/broker/faults.ts";
import { ROWPOST_FLAGS } from "../bench/run-candidate.ts";
import { brokerProcess } from "../support/broker-process.ts";
import { type RowpostProcess, startRowpost } from "../support/process.ts";
import { receiptCount } from "../support/receipt-count.ts";
import { type Rig, rig } from "../support/rig.ts";
import type { Scope, TestBroker } from "../support/servers.ts";
import { assertExactlyOnce, steadyLoad } from "../support/steady-load.ts";
import { until } from "../support/until.ts";
import { metricsAt, type Sample, sampleOf } from "./sample.ts";

/** One message of a hundred is not delivered as it should be. */
const ONE_IN_A_HUNDRED: FaultRates = {
  duplicates: { rate: 0.002 },
  reorders: { rate: 0.002, window: 200 },
  lateAcks: { rate: 0.002, delayMs: [50, 2_000] },
  lostAcks: { rate: 0.002 },
  earlyExpiries: { rate: 0.002, part: [0.02, 0.3] },
  resets: { rate: 0.0001 },
  refusals: { acknowledge: { rate: 0.001, length: [1, 3] } },
};

export interface SoakOptions {
  readonly seconds: number;
  /** undefined: half of what the worker takes of a backlog, which is measured first. */
  readonly perSecond: number | undefined;
  readonly samples: number;
  readonly say: (line: string) => void;
}

export interface Soak {
  readonly perSecond: number;
  readonly seconds: number;
  readonly sent: number;
  readonly samples: readonly Sample[];
}

/**
 * One worker under an even load for a long time, with a broker that misbehaves a little. Rejects unless every update was applied
 * once.
 */
export async function soak(scope: Scope, { seconds, perSecond, samples, say }: SoakOptions): Promise<Soak> {
  const pace = perSecond ?? Math.floor((await capacity(scope, say)) / 2 / 20) * 20;
  const { on, worker, url } = await stage(scope, ONE_IN_A_HUNDRED);
  say(`${pace} updates a second for ${seconds} s`);
  const load = steadyLoad(on, pace);
  const taken: Sample[] = [];
  const began = performance.now();
  for (let before = await metricsAt(url), i = 1; i <= samples; i += 1) {
    await delay(Math.max(0, began + (i * seconds * 1_000) / samples - performance.now()));
    const now = await metricsAt(url);
    taken.push(sampleOf(before, now, load.sent));
    before = now;
  }
  const sent = await load.stop();
  await assertExactlyOnce(on.database, sent, 300_000);
  await worker.stop(30_000);
  return { perSecond: pace, seconds, sent, samples: taken };
}

interface Stage {
  readonly on: Rig;
  readonly worker: RowpostProcess;
  /** Of the worker's health and metrics. */
  readonly url: string;
}

async function stage(scope: Scope, faults: FaultRates): Promise<Stage> {
  const { host } = await brokerProcess(scope, { seed: 1, faults });
  const project = "soak";
  const broker: TestBroker = {
    host,
    project,
    environment: { PUBSUB_EMULATOR_HOST: host, GOOGLE_CLOUD_PROJECT: project },
  };
  const on = await rig(scope, {}, { broker });
  await Promise.all([on.migrate(), on.topology()]);
  const environment = { ...on.environment, WORKER_PORT: "0" };
  const worker = await startRowpost(scope, ["worker"], environment, undefined, [...ROWPOST_FLAGS]);
  const where = async () => /"health":"([^"]+)"/.exec(await worker.output())?.[1];
  const url = await until("the worker says where its health is", where, { timeoutMs: 30_000 });
  return { on, worker, url };
}

const BACKLOG = 60_000;

/** Updates a second of a backlog, from its first tenth to its last. */
async function capacity(scope: Scope, say: (line: string) => void): Promise<number> {
  const { on, worker } = await stage(scope, {});
  const load = steadyLoad(on, 100_000);
  while (load.sent < BACKLOG) await delay(10);
  const sent = await load.stop();
  const reached = (share: number) =>
    until(`${share * 100} % are applied`, async () => (await receiptCount(on.database)) >= sent * share, {
      timeoutMs: 300_000,
    });
  await reached(0.1);
  const from = { at: performance.now(), receipts: await receiptCount(on.database) };
  await reached(0.9);
  const to = { at: performance.now(), receipts: await receiptCount(on.database) };
  await worker.stop(30_000);
  const rate = ((to.receipts - from.receipts) * 1_000) / (to.at - from.at);
  say(`a backlog is applied at ${Math.round(rate)} updates a second`);
  return rate;
}
