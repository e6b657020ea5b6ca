import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Readiness } from "../../../src/http/readiness.ts";
import { expectNoLeaks } from "../../support/leaks.ts";

expectNoLeaks();

describe("Readiness", () => {
  it("asks the broker once for all who ask at the same time and shortly after", async () => {
    let asked = 0;
    const broker = async () => {
      asked += 1;
      return undefined;
    };
    const readiness = new Readiness({ broker, workerUrl: undefined });
    const answers = await Promise.all(Array.from({ length: 20 }, () => readiness.look()));
    answers.push(await readiness.look());
    assert.equal(asked, 1);
    for (const answer of answers) assert.deepEqual(answer, { ready: true, reasons: [] });
  });

  it("tells the broker's sentence, and that the process stops", async () => {
    const broker = () => Promise.resolve("the broker is away");
    const readiness = new Readiness({ broker, workerUrl: undefined });
    readiness.stop();
    assert.deepEqual(await readiness.look(), {
      ready: false,
      reasons: [
        { code: "broker", message: "the broker is away" },
        { code: "stopping", message: "the sidecar is stopping" },
      ],
    });
  });

  it("asks again after what went wrong with asking", async () => {
    let asked = 0;
    const broker = async () => {
      asked += 1;
      if (asked === 1) throw new Error("the first one fails");
      return undefined;
    };
    const readiness = new Readiness({ broker, workerUrl: undefined });
    await assert.rejects(readiness.look(), /the first one fails/);
    assert.equal((await readiness.look()).ready, true);
  });
});
