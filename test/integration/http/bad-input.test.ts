import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { registry } from "../../../src/tables/registry.ts";
import { type BadRequest, badRequests, bytesOf } from "../../support/bad-requests.ts";
import { answerCheck } from "../../support/described.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { document } from "../../support/openapi.ts";
import { type RawAnswer, rawRequest } from "../../support/raw-http.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(
  file,
  { HTTP_UPDATE_WAIT_SECONDS: "1", HTTP_LONGEST_WAIT_SECONDS: "1" },
  { rig },
);
const check = await answerCheck(registry);
expectNoLeaks();

const SEED = 20_240_711;
const BATCHES = 120;
const AT_ONCE = 20;

test("no bad input, of 2,400 made from the description, is answered with a fault of the server's own", async () => {
  let asked = 0;
  const statuses = new Map<number, number>();
  const batches = fc.array(badRequests(await document()), { minLength: AT_ONCE, maxLength: AT_ONCE });
  const property = fc.asyncProperty(batches, async (requests) => {
    const answers = await Promise.all(requests.map(answerTo));
    for (const [i, answer] of answers.entries()) {
      const request = requests[i];
      if (request === undefined) continue;
      asked += 1;
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const fault = faultOf(request, answer);
      assert.equal(fault, undefined, `${told(request)}: ${fault}`);
    }
  });
  const { errorInstance } = await fc.check(property, { seed: SEED, numRuns: BATCHES, endOnFailure: true });
  assert.ifError(errorInstance);
  assert.ok(asked >= 2_000);
  // It is not one check that refuses them all.
  for (const status of [400, 404, 405, 413, 415, 422])
    assert.ok((statuses.get(status) ?? 0) >= 10, String(status));
  assert.deepEqual(
    sidecar.logged.filter((line) => line.includes("a request failed")),
    [],
  );
  const update = { table: "customers", op: "upsert", key: { customerID: "after" }, set: { firstName: "A" } };
  assert.equal((await sidecar.get("/livez")).status, 200);
  const answer = await sidecar.post("/updates", update, { prefer: "wait=1" });
  assert.ok(answer.status === 200 || answer.status === 202, answer.text);
});

async function answerTo(request: BadRequest): Promise<RawAnswer> {
  return rawRequest(sidecar.url, bytesOf(request)).catch((cause: unknown) => {
    throw new Error(`${told(request)}: no answer`, { cause });
  });
}

function faultOf({ method, target, refused }: BadRequest, answer: RawAnswer): string | undefined {
  const { status, text } = answer;
  if (status >= 500) return `it is answered with ${status}: ${text}`;
  if (refused && !isRefusal(answer)) return `it is taken, with ${status}: ${text.slice(0, 500)}`;
  return check({ method, path: target, ...answer });
}

/** 4xx; of a list, at least one of its items. */
function isRefusal({ status, text }: RawAnswer): boolean {
  if (status !== 207) return status >= 400 && status < 500;
  const { results } = JSON.parse(text) as { results: { status: number }[] };
  return results.some((one) => one.status >= 400 && one.status < 500);
}

/** The seed and what was asked, short enough to read. */
function told(request: BadRequest): string {
  const bytes = bytesOf(request).toString("latin1");
  const text = bytes.length > 1_500 ? `${bytes.slice(0, 1_500)}… (${bytes.length} bytes)` : bytes;
  return `seed ${SEED}, ${request.fault}: ${JSON.stringify(text)}`;
}
