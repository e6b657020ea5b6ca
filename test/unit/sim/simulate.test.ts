import assert from "node:assert/strict";
import { test } from "node:test";
import { BROKER_LAG, DATABASE_CEILING, SYNC, WORKER_RATE } from "../../sim/assumptions.ts";
import { Backlog } from "../../sim/backlog.ts";
import { CHOICES, MAXIMA, SHIPPED } from "../../sim/choices.ts";
import { figures } from "../../sim/figures.ts";
import { OUTAGES, PATTERNS, type Scenario } from "../../sim/scenarios.ts";
import { capacity, type Moment, simulate } from "../../sim/simulate.ts";

const HOUR = 3_600;
const brief = (scenario: Scenario): Scenario => ({ ...scenario, seconds: HOUR });
const all = [...PATTERNS, ...OUTAGES].map(brief);

const steady: Scenario = {
  name: "test",
  title: "test",
  seconds: HOUR,
  arrivals: () => 15_000,
  outage: 0,
  workerRate: WORKER_RATE,
  cpuPerUpdate: 0,
  ceiling: DATABASE_CEILING,
};

test("nothing is lost: what came has been served or waits, at every second of every scenario", () => {
  for (const scenario of all) {
    for (const { spec } of [...Object.values(CHOICES), ...MAXIMA]) {
      let before = 0;
      for (const moment of simulate(scenario, spec, 7)) {
        assert.equal(moment.arrived, moment.served + moment.waiting);
        assert(moment.waiting >= 0 && moment.served >= before);
        assert(moment.served - before <= capacity(scenario, moment.ready));
        before = moment.served;
      }
    }
  }
});

test("replicas stay within their bounds, and no more are ready than there are", () => {
  for (const scenario of all) {
    for (const { spec } of [...Object.values(CHOICES), ...MAXIMA]) {
      for (const { replicas, ready } of simulate(scenario, spec, 7)) {
        assert(replicas >= spec.minReplicas && replicas <= spec.maxReplicas && ready <= replicas);
      }
    }
  }
});

test("the same seed gives the same moments, another seed others", () => {
  const run = (seed: number) => JSON.stringify(simulate({ ...steady, seconds: 600 }, SHIPPED, seed));
  assert.equal(run(3), run(3));
  assert.notEqual(run(3), run(4));
});

test("arrivals scatter around their mean as independent ones do", () => {
  const moments = simulate(steady, SHIPPED, 5);
  const each = moments.map(({ arrived }, i) => arrived - (moments[i - 1]?.arrived ?? 0));
  const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
  const variance = each.reduce((sum, one) => sum + (one - mean) ** 2, 0) / each.length;
  assert(Math.abs(mean - 15_000) < 10, `${mean}`);
  assert(Math.abs(Math.sqrt(variance) - Math.sqrt(15_000)) < 5, `${Math.sqrt(variance)}`);
});

test("the backlog is seen 2 min late at the earliest, and the first new worker works 15 s after the decision", () => {
  const backlogAlone = {
    ...SHIPPED,
    targets: [{ kind: "average", metric: "backlog", target: 5_000 }],
  } as const;
  const moments = simulate({ ...steady, arrivals: () => 30_000 }, backlogAlone, 1);
  const first = (is: (moment: Moment) => boolean) => moments.find(is)?.at ?? Number.NaN;
  const decided = first(({ replicas }) => replicas > 2);
  assert.equal(decided, 60 + BROKER_LAG, "the sample of 1:00 is the first that shows a backlog");
  assert.equal(decided % SYNC, 0);
  assert.equal(
    first(({ ready }) => ready > 2),
    decided + 15,
  );
  assert(first(({ ready }) => ready > 3) >= decided + 75, "the next one needs a node");
});

test("the database's ceiling is the most that any number of workers gets, and more workers get less of it", () => {
  const served = [1, 2, 4, 6, 20].map((ready) => capacity(steady, ready));
  assert.deepEqual(served, [10_000, 20_000, 40_000, 39_215, 34_482]);
});

test("the age is that of the oldest message, which is served first", () => {
  const queue = new Backlog();
  queue.arrive(0, 10);
  queue.arrive(1, 5);
  assert.equal(queue.age(4), 4);
  assert.equal(queue.serve(9), 9);
  assert.equal(queue.age(4), 4);
  assert.equal(queue.serve(1), 1);
  assert.equal(queue.age(4), 3);
  assert.equal(queue.serve(9), 5);
  assert.deepEqual([queue.age(4), queue.waiting, queue.arrived, queue.served], [0, 0, 15, 15]);
});

test("figures tell late seconds, the last of them, and rises from falls", () => {
  const moment = (at: number, age: number, replicas: number): Moment => ({
    at,
    age,
    replicas,
    ready: 1,
    arrived: 0,
    served: 0,
    waiting: 0,
  });
  const [a, b, c, d] = [moment(0, 60, 2), moment(1, 61, 4), moment(2, 90, 5), moment(3, 10, 3)];
  const found = figures([a, b, c, d]);
  assert.deepEqual(found, {
    late: 2,
    drained: 2,
    oldest: 90,
    replicaHours: 14 / 3_600,
    most: 5,
    changes: 3,
    turns: 1,
  });
  assert.equal(figures([a, b]).drained, undefined);
});
