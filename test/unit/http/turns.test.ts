import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Turns } from "../../../src/http/turns.ts";
import { expectNoLeaks } from "../../support/leaks.ts";

expectNoLeaks();

/** Holds the event loop for a while, as much work does. */
function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("Turns", () => {
  it("do work at once while there is little of it", () => {
    const turns = new Turns();
    assert.equal(
      turns.run(() => 1),
      1,
    );
    assert.throws(() => void turns.run(() => assert.fail("its own error")), /its own error/);
  });

  it("do what does not fit into a slice in later rounds, in its order, and others come in between", async () => {
    const turns = new Turns();
    const seen: (number | string)[] = [];
    const works = Array.from({ length: 12 }, (_, i) =>
      turns.run(() => {
        busy(4);
        seen.push(i);
      }),
    );
    setImmediate(() => seen.push("another"));
    for (const work of works) await work;
    const order = seen.filter((one) => typeof one === "number");
    assert.deepEqual(order, [...order.keys()]);
    const others = seen.indexOf("another");
    assert.ok(others > 0 && others < seen.length - 1, seen.join(" "));
  });

  it("give an error to the one whose work it is, and go on", async () => {
    const turns = new Turns();
    void turns.run(() => busy(11));
    const failing = Promise.resolve(turns.run(() => assert.fail("its own error")));
    const next = turns.run(() => "done");
    await assert.rejects(failing, /its own error/);
    assert.equal(await next, "done");
  });

  it("do not lose the turn of those who come while others wait", async () => {
    const turns = new Turns();
    void turns.run(() => busy(11));
    const seen: string[] = [];
    const first = turns.run(() => void seen.push("first"));
    const second = turns.run(() => void seen.push("second"));
    await first;
    await second;
    void turns.run(() => void seen.push("third"));
    assert.deepEqual(seen, ["first", "second", "third"]);
  });
});
