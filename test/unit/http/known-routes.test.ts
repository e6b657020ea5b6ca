import assert from "node:assert/strict";
import { test } from "node:test";
import { methodsOn } from "../../../src/http/known-routes.ts";

const ROUTES = [
  ["GET", "/dead-letters/summary"],
  ["GET", "/dead-letters/:id"],
  ["DELETE", "/dead-letters/:id"],
  ["POST", "/updates"],
  ["GET", "/"],
  ["GET", "/docs/static/*"],
  ["OPTIONS", "*"],
].map(([method = "", url = ""]) => ({ method, url, hidden: false }));

const CASES = [
  ["/updates", "POST"],
  ["/updates/", "POST"],
  ["/updates/x", ""],
  ["/dead-letters/7", "DELETE GET"],
  ["/dead-letters/summary", "DELETE GET"],
  ["/dead-letters/7/replay", ""],
  ["/", "GET"],
  ["/docs/static/a/b.js", "GET"],
  ["/docs/static", ""],
  ["*", ""],
  ["", ""],
] as const;

for (const [path, methods] of CASES) {
  test(`${JSON.stringify(path)} answers ${methods || "nothing"}`, () => {
    assert.equal(methodsOn(path, ROUTES).join(" "), methods);
  });
}
