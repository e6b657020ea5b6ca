import {
  BROKER_LAG,
  BROKER_SAMPLE,
  CPU_IDLE,
  CPU_LAG,
  CPU_SAMPLE,
  LOCK_WAIT_LOSS,
  SYNC,
} from "./assumptions.ts";
import { Backlog } from "./backlog.ts";
import { Fleet } from "./fleet.ts";
import { Hpa, type HpaSpec, type Seen } from "./hpa.ts";
import { random } from "./random.ts";
import type { Scenario } from "./scenarios.ts";

/** How things stood at one second. */
export interface Moment {
  readonly at: number;
  readonly arrived: number;
  readonly served: number;
  readonly waiting: number;
  readonly age: number;
  readonly replicas: number;
  readonly ready: number;
}

/** Messages that workers and database serve in a second. Past what the database can use, each worker costs some of it. */
export function capacity(scenario: Scenario, ready: number): number {
  const idle = Math.max(0, ready - scenario.ceiling / scenario.workerRate);
  const ceiling = scenario.ceiling / (1 + LOCK_WAIT_LOSS * idle);
  return Math.floor(Math.min(ready * scenario.workerRate, ceiling));
}

/** A value that is sampled now and then, and can be read some time later. */
class Metric {
  readonly #every: number;
  readonly #lag: number;
  readonly #samples: { readonly at: number; readonly value: number }[] = [];
  #shown: number;

  constructor(every: number, lag: number, shown: number) {
    this.#every = every;
    this.#lag = lag;
    this.#shown = shown;
  }

  sample(at: number, value: number): void {
    if (at % this.#every === 0) this.#samples.push({ at, value });
  }

  read(now: number): number {
    while ((this.#samples[0]?.at ?? Number.POSITIVE_INFINITY) <= now - this.#lag) {
      this.#shown = this.#samples.shift()?.value ?? this.#shown;
    }
    return this.#shown;
  }
}

/**
 * Runs a scenario under an HPA, second by second. The same arguments give the same moments: one for each second.
 * It starts with the minimum of replicas, ready, and with metrics that show the start's backlog.
 */
export function simulate(scenario: Scenario, spec: HpaSpec, seed: number): readonly Moment[] {
  const toss = random(seed);
  const queue = new Backlog();
  for (let at = -scenario.outage; at < 0; at++) queue.arrive(at, scattered(scenario.arrivals(at), toss));
  const fleet = new Fleet(spec.minReplicas, random(seed + 1));
  const hpa = new Hpa(spec);
  const backlog = new Metric(BROKER_SAMPLE, BROKER_LAG, queue.waiting);
  const age = new Metric(BROKER_SAMPLE, BROKER_LAG, queue.age(0));
  const cpu = new Metric(CPU_SAMPLE, CPU_LAG, CPU_IDLE);
  const moments: Moment[] = [];
  let busy = 0;
  for (let at = 0; at < scenario.seconds; at++) {
    queue.arrive(at, scattered(scenario.arrivals(at), toss));
    if (at % SYNC === 0) {
      const ready = fleet.ready(at);
      const seen: Seen = { backlog: backlog.read(at), age: age.read(at), cpu: cpu.read(at), ready };
      fleet.scale(at, hpa.sync(at, seen, fleet.replicas));
    }
    fleet.tidy(at);
    const ready = fleet.ready(at);
    busy += (queue.serve(capacity(scenario, ready)) * scenario.cpuPerUpdate) / Math.max(1, ready);
    backlog.sample(at, queue.waiting);
    age.sample(at, queue.age(at));
    if (at % CPU_SAMPLE === 0) {
      cpu.sample(at, CPU_IDLE + busy / CPU_SAMPLE);
      busy = 0;
    }
    moments.push({
      at,
      arrived: queue.arrived,
      served: queue.served,
      waiting: queue.waiting,
      age: queue.age(at),
      replicas: fleet.replicas,
      ready,
    });
  }
  return moments;
}

/** A whole number around the mean, about as far off as independent arrivals are. The sum of 12 tosses is nearly normal. */
function scattered(mean: number, toss: () => number): number {
  let normal = -6;
  for (let i = 0; i < 12; i++) normal += toss();
  return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
}
