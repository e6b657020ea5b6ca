import assert from "node:assert/strict";
import { test } from "node:test";
import { preferredWait } from "../../../src/http/prefer.ts";

test("wait=N asks for N seconds, at most the longest", () => {
  assert.equal(preferredWait("wait=10", 30), 10);
  assert.equal(preferredWait("wait=100", 30), 30);
  assert.equal(preferredWait("wait=999999999", 30), 30);
  assert.equal(preferredWait("wait=0", 30), 0);
});

test("it stands among other preferences, in any letter case, quoted or not", () => {
  assert.equal(preferredWait("respond-async, wait=5", 30), 5);
  assert.equal(preferredWait('return=minimal; foo="bar", Wait="7"', 30), 7);
  assert.equal(preferredWait("wait = 8 , handling=lenient", 30), 8);
  assert.equal(preferredWait(["respond-async", "wait=9"], 30), 9);
});

test("what is no number of seconds is no preference", () => {
  for (const header of [undefined, "", "wait", "wait=", "wait=-1", "wait=1.5", "await=3", "wait=3x"]) {
    assert.equal(preferredWait(header, 30), 0, String(header));
  }
});
