import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Gate, type Reason } from "../../../src/worker/gate.ts";

const DOWN: Reason = { code: "database", message: "connection refused" };

function gateWith(answers: readonly (Reason | undefined)[]) {
  const told: (string | undefined)[] = [];
  let asked = 0;
  const gate = new Gate(
    async () => {
      const answer = answers[Math.min(asked, answers.length - 1)];
      asked += 1;
      return answer;
    },
    (reason) => told.push(reason?.message),
  );
  return { gate, told, asked: () => asked };
}

test("an open gate lets through at once", async () => {
  const { gate, asked } = gateWith([undefined]);
  assert.equal(await gate.pass(), true);
  assert.equal(asked(), 0);
});

test("a closed gate opens when its probe finds nothing wrong, and tells each change once", async () => {
  const { gate, told, asked } = gateWith([DOWN, { code: "migrations", message: "pending" }, undefined]);
  gate.close(DOWN);
  gate.close(DOWN);
  assert.deepEqual(gate.reason, DOWN);
  assert.equal(await gate.pass(), true);
  assert.equal(asked(), 3);
  assert.equal(gate.reason, undefined);
  assert.deepEqual(told, ["connection refused", "pending", undefined]);
});

test("a stopped gate lets nobody through, also those who wait already, and does not call itself open", async () => {
  const { gate, told } = gateWith([DOWN]);
  gate.close(DOWN);
  const waiting = gate.pass();
  gate.stop();
  assert.equal(await waiting, false);
  assert.equal(await gate.pass(), false);
  assert.deepEqual(told, ["connection refused"]);
});

test("the time for which a probe waited counts as pause", async () => {
  const pauses: number[] = [];
  let probes = 0;
  const gate = new Gate(
    async () => {
      probes += 1;
      if (probes === 1) await delay(300);
      return probes < 4 ? DOWN : undefined;
    },
    () => {},
  );
  gate.pause = async (ms) => void pauses.push(ms);
  gate.close(DOWN);
  await gate.pass();
  const [first, second = Number.NaN, third = Number.NaN] = pauses;
  assert.equal(first, 250);
  assert.ok(second <= 201, `500 ms less 300: ${second}`);
  assert.ok(third > 900, `${third}`);
});
