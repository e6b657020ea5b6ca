import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registry } from "../../../src/tables/registry.ts";
import { answerCheck, type Got } from "../../support/described.ts";

describe("the check of answers that tests get", async () => {
  const check = await answerCheck(registry);
  const accepted = { status: 202, idempotencyKey: "k", messageId: "1", location: "/updates/k" };
  const problem = { type: "about:blank", title: "t", status: 404, code: "no_receipt", detail: "d" };

  function got(method: string, path: string, status: number, body: unknown, type = "application/json"): Got {
    const text = body === undefined ? "" : JSON.stringify(body);
    return { method, path, status, text, headers: new Headers({ "content-type": type }) };
  }
  const asProblem = (path: string, body: { status: number }) =>
    got("GET", path, body.status, body, "application/problem+json");

  it("passes what is described", () => {
    assert.equal(check(got("POST", "/updates", 202, accepted)), undefined);
    assert.equal(check(got("POST", "/updates", 207, { results: [accepted, problem] })), undefined);
    assert.equal(check(asProblem("/updates/k?x=1", problem)), undefined);
    assert.equal(check(got("GET", "/tables", 304, undefined)), undefined);
    assert.equal(check(asProblem("/nothing", { ...problem, code: "not_found" } as never)), undefined);
  });

  const FAULTS: readonly (readonly [string, Got, RegExp])[] = [
    ["a status", got("POST", "/updates", 201, accepted), /only 200, 202, .* are documented/],
    ["a fault of the server's own", got("POST", "/updates", 500, problem), /are documented/],
    ["a content type", got("POST", "/updates", 202, accepted, "text/html"), /the content type is text\/html/],
    ["a member", got("POST", "/updates", 202, { ...accepted, more: 1 }), /not as described/],
    ["a missing member", got("POST", "/updates", 202, { status: 202 }), /not as described/],
    [
      "a problem's code",
      asProblem("/updates/k", { ...problem, code: "no_row" } as never),
      /not as described/,
    ],
    ["a problem as plain JSON", got("GET", "/updates/k", 404, problem), /the content type is/],
    ["a text where no route is", got("GET", "/nothing", 404, "gone", "text/plain"), /it is no problem/],
    ["a code of another status", asProblem("/nothing", { ...problem, status: 400 }), /does not belong/],
  ];
  for (const [what, answer, fault] of FAULTS) {
    it(`tells ${what} that is not described`, () => assert.match(check(answer) ?? "", fault));
  }
});
