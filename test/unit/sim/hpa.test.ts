import assert from "node:assert/strict";
import { test } from "node:test";
import { asked, DEFAULT_BEHAVIOR, Hpa, type HpaSpec, type Seen, type Target } from "../../sim/hpa.ts";

// The figures are those of Kubernetes "Horizontal Pod Autoscaling".

const BACKLOG: Target = { kind: "average", metric: "backlog", target: 100 };

const seen = (more: Partial<Seen>): Seen => ({ backlog: 0, age: 0, cpu: 0, ready: 1, ...more });

const spec = (more: Partial<HpaSpec>): HpaSpec => ({
  minReplicas: 1,
  maxReplicas: 100,
  targets: [BACKLOG],
  ...DEFAULT_BEHAVIOR,
  ...more,
});

/** The replicas after each sync, 15 s apart, while the backlog asks for so many. */
function follow(hpa: Hpa, from: number, wishes: readonly number[]): number[] {
  let replicas = from;
  return wishes.map((wish, i) => {
    replicas = hpa.sync(i * 15, seen({ backlog: wish * 100 }), replicas);
    return replicas;
  });
}

const times = (count: number, wish: number): number[] => Array.from({ length: count }, () => wish);

test("twice the target doubles the replicas, half of it halves them, and a tenth more or less changes nothing", () => {
  const age: Target = { kind: "value", metric: "age", target: 100 };
  const by = (value: number) => asked(age, seen({ age: value, ready: 4 }), 4);
  assert.deepEqual([200, 50, 109, 91, 111, 89].map(by), [8, 2, 4, 4, 5, 4]);
  assert.equal(asked(age, seen({ age: 88, ready: 20 }), 20), 18);
});

test("an average is divided by the replicas, so that what it asks for does not depend on them", () => {
  for (const replicas of [1, 3, 50]) assert.equal(asked(BACKLOG, seen({ backlog: 601 }), replicas), 7);
  assert.equal(asked(BACKLOG, seen({ backlog: 640 }), 6), 6, "within the tolerance of 6");
  assert.equal(asked(BACKLOG, seen({ backlog: 0 }), 6), 0);
});

test("CPU counts what is not ready yet as idle on the way up", () => {
  const cpu: Target = { kind: "cpu", target: 0.5 };
  assert.equal(asked(cpu, seen({ cpu: 0.75, ready: 2 }), 2), 3);
  assert.equal(asked(cpu, seen({ cpu: 0.75, ready: 2 }), 3), 3, "1.5 cores and 3 replicas");
  assert.equal(asked(cpu, seen({ cpu: 0.75, ready: 2 }), 5), 5, "and never asks for less");
  assert.equal(asked(cpu, seen({ cpu: 0.2, ready: 5 }), 5), 2);
  assert.equal(asked(cpu, seen({ cpu: 0.54, ready: 4 }), 4), 4);
});

test("of several metrics the one that asks for most counts, within minimum and maximum", () => {
  const targets: Target[] = [BACKLOG, { kind: "average", metric: "age", target: 10 }];
  const hpa = new Hpa(spec({ targets, minReplicas: 2, maxReplicas: 6 }));
  assert.equal(hpa.sync(0, seen({ backlog: 300, age: 45 }), 2), 5);
  assert.equal(hpa.sync(15, seen({ backlog: 900, age: 45 }), 5), 6);
  assert.equal(new Hpa(spec({ minReplicas: 2 })).sync(0, seen({}), 2), 2);
});

test("without behaviour, 4 replicas or as many as there are come every 15 s, whichever is more", () => {
  assert.deepEqual(follow(new Hpa(spec({})), 1, times(5, 50)), [5, 10, 20, 40, 50]);
});

test("80 replicas go down by 10 % or by 4 a minute, whichever is more: 72, then 64, and below 40 by 4", () => {
  const scaleDown = {
    stabilizationWindowSeconds: 0,
    policies: [
      { type: "Pods", value: 4, periodSeconds: 60 },
      { type: "Percent", value: 10, periodSeconds: 60 },
    ],
  } as const;
  const down = follow(new Hpa(spec({ scaleDown })), 80, times(9, 10));
  assert.deepEqual(down, [72, 72, 72, 72, 64, 64, 64, 64, 57]);
  assert.deepEqual(follow(new Hpa(spec({ scaleDown })), 36, times(5, 10)), [32, 32, 32, 32, 28]);
});

test("a policy counts what has changed within its period only", () => {
  const scaleUp = {
    stabilizationWindowSeconds: 0,
    policies: [{ type: "Pods", value: 2, periodSeconds: 60 }],
  } as const;
  assert.deepEqual(follow(new Hpa(spec({ scaleUp })), 2, times(9, 6)), [4, 4, 4, 4, 6, 6, 6, 6, 6]);
});

test("the window down keeps the most that was asked for within it", () => {
  const wishes = [6, ...times(21, 2)];
  const replicas = follow(new Hpa(spec({})), 6, wishes);
  assert.equal(replicas.indexOf(2), 20, "300 s after the last wish for 6");
});

test("the window up waits until all of it has asked for more", () => {
  const scaleUp = { ...DEFAULT_BEHAVIOR.scaleUp, stabilizationWindowSeconds: 60 };
  assert.deepEqual(follow(new Hpa(spec({ scaleUp })), 2, [2, 4, 4, 4, 5, 5]), [2, 2, 2, 2, 4, 4]);
});
