import assert from "node:assert/strict";
import { METHODS } from "node:http";
import { after, test } from "node:test";
import type { InjectOptions } from "fastify";
import fc from "fast-check";
import { PROBLEMS } from "../../../src/http/problem.ts";
import { registry } from "../../../src/tables/registry.ts";
import { badRequests } from "../../support/bad-requests.ts";
import { answerCheck } from "../../support/described.ts";
import { anyName, anyTree } from "../../support/fuzz/column-values.ts";
import { assertHolds } from "../../support/fuzz/fuzz-runs.ts";
import { injectedApp } from "../../support/fuzz/injected-app.ts";
import { Members, printTree, type Tree } from "../../support/fuzz/json-tree.ts";
import { mutatedBytes, mutatedText, mutatedTree } from "../../support/fuzz/mutations.ts";
import { validUpdate } from "../../support/fuzz/table-updates.ts";
import { document } from "../../support/openapi.ts";

const app = injectedApp(registry);
after(async () => (await app)[Symbol.asyncDispose]());

/** Characters of a request that a problem repeats at the most, and what is said around them. */
const LONGEST_DETAIL = 700;
const LONGEST_POINTER = 255;

test("whatever is asked is answered as described, and never with a fault of the server's own", async () => {
  const bad = badRequests(await document()).map(({ method, target, headers, body }) => {
    return {
      method,
      url: target,
      headers: joined(headers),
      ...(body === undefined ? {} : { payload: body }),
    } as InjectOptions;
  });
  const asked = fc.oneof(
    { weight: 1, arbitrary: bad.filter(isSent) },
    { weight: 3, arbitrary: posted() },
    readings(),
  );
  await assertHolds(fc.asyncProperty(asked, assertAnswered), 400);
  assert.deepEqual(
    (await app).logged.filter((line) => line.includes("a request failed")),
    [],
  );
});

async function assertAnswered(request: InjectOptions): Promise<void> {
  const check = await answerCheck(registry);
  const { statusCode: status, headers: given, body: text } = await (await app).inject(request);
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) headers.append(name, String(value));
  const path = pathOf(request);
  const fault = check({ method: String(request.method), path, status, headers, text });
  assert.equal(fault, undefined);
  assert.notEqual(status, 500, text);
  if (status < 400 || request.method === "HEAD") return;
  assert.equal(headers.get("content-type"), "application/problem+json", text);
  const problem = JSON.parse(text) as Problem;
  assert.ok(Object.hasOwn(PROBLEMS, problem.code), text);
  for (const { detail, pointer = "" } of [problem, ...(problem.errors ?? [])]) {
    assert.ok(detail.length <= LONGEST_DETAIL && detail.isWellFormed(), detail);
    assert.ok(pointer.length <= LONGEST_POINTER && /^(\/([^~/]|~[01])*)*$/.test(pointer), pointer);
  }
}

interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly pointer?: string;
  readonly errors?: readonly Omit<Problem, "code">[];
}

/** Only what a line of HTTP can hold, and no stream that goes on. */
function isSent({ method, url }: InjectOptions): boolean {
  const target = String(url);
  const whole = /^\/(?!\/)[\u0021-\u007e]*$/.test(target) && URL.canParse(target, "http://localhost");
  return (
    whole &&
    !/^\/events\/?(\?|$)/.test(pathOf({ url: target })) &&
    METHODS.includes(String(method)) &&
    method !== "TRACE"
  );
}

/** As the injection sends it: without dots that lead upwards. */
function pathOf({ url }: InjectOptions): string {
  const { pathname, search } = new URL(String(url), "http://localhost");
  return pathname + search;
}

/** Of headers that come twice, node:http joins the texts. */
function joined(headers: readonly (readonly [name: string, value: string])[]): Record<string, string> {
  return Object.fromEntries(
    headers.map(([name, value]) => [name, value.replaceAll(/[^\u0020-\u00ff]/g, "")]),
  );
}

/** Updates with something wrong in them, to all routes that take bodies. */
function posted(): fc.Arbitrary<InjectOptions> {
  const update = validUpdate(registry);
  const item = withKeys(fc.oneof(update, mutatedTree(update), anyTree()));
  const list = fc.array(item, { maxLength: 4 }).map((items) => new Members([["updates", items]]));
  const body = fc.oneof(mutatedText(item), mutatedText(list), list.map(bytes), item.map(bytes));
  const lines = mutatedBytes(
    fc.array(item, { maxLength: 4 }).map((items) => Buffer.from(items.map(printTree).join("\n"))),
  );
  const row = mutatedText(update.map(flat));
  const table = fc.oneof(fc.constantFrom(...registry.keys()), anyName()).map(encodeURIComponent);
  const headers = fc.record(
    {
      "idempotency-key": text(),
      prefer: fc.oneof(text(), fc.constantFrom("wait=1", "wait=0, x", "respond-async")),
    },
    { requiredKeys: [] },
  );
  const to = (
    url: fc.Arbitrary<string>,
    payload: fc.Arbitrary<Buffer>,
    type: string,
    method: "POST" | "PUT" = "POST",
  ) =>
    fc.tuple(url, payload, headers).map(([path, data, more]) => {
      return { method, url: path, payload: data, headers: { ...more, "content-type": type } };
    });
  return fc.oneof(
    to(fc.constant("/updates"), body, "application/json"),
    to(fc.constant("/updates"), body, "application/cloudevents+json; charset=utf-8"),
    to(fc.constant("/updates"), lines, "application/x-ndjson"),
    to(
      table.map((name) => `/update/${name}`),
      row,
      "application/json",
    ),
    to(fc.constant("/log-level"), mutatedText(fc.constant(LEVEL)), "application/json", "PUT"),
    to(
      fc.bigInt(-1n, 10n ** 21n).map((id) => `/dead-letters/${id}/replay`),
      body,
      "application/json",
    ),
  );
}

const LEVEL: Tree = new Members([["level", "warn"]]);
const bytes = (tree: Tree) => Buffer.from(printTree(tree));

/** Some of them with a key of their own. */
function withKeys(items: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  const key = fc.oneof(text(), anyTree(), fc.constant(undefined));
  return fc.tuple(items, key).map(([tree, of]) => {
    const keyed = tree instanceof Members && of !== undefined;
    return keyed ? new Members([...tree.list, ["idempotencyKey", of]]) : tree;
  });
}

/** The columns of an update without their groups. */
function flat(tree: Tree): Tree {
  if (!(tree instanceof Members)) return tree;
  return new Members(tree.list.flatMap(([, group]) => (group instanceof Members ? group.list : [])));
}

function text(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom("", '"', '"a"', '"\\"', "k", " k", "k".repeat(300), "é"),
    fc
      .string({ unit: "binary-ascii", maxLength: 20 })
      .map((some) => some.replaceAll(/[\u0000-\u001f\u007f]/g, "")),
  );
}

/** Rows, receipts and definitions that are asked for by names and values of any kind. */
function readings(): fc.Arbitrary<InjectOptions> {
  const tables = [...registry.keys()];
  const columns = [...registry.values()].flatMap(({ columns: all }) => [...all.keys()]);
  const part = fc.oneof(
    anyName(),
    fc.constantFrom(...columns, ...tables, "7", "-1", "2024-01-01", "null"),
    text(),
  );
  const encoded = part.map((some) => encodeURIComponent(some.toWellFormed()));
  const table = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...tables) }, encoded);
  const name = fc.oneof(
    fc.constantFrom("limit", "after", "notIn", "isNull", "column.id", "code", "state", "table", "newKey"),
    fc.constantFrom(...columns),
    encoded,
  );
  const value = fc.oneof(
    encoded,
    fc.constantFrom("1", "1000", "0", "1001", "toots.id", "feed.guid", "id", "open"),
  );
  const query = fc
    .array(fc.tuple(name, value), { maxLength: 3 })
    .map((all) => (all.length === 0 ? "" : `?${all.map(([one, of]) => `${one}=${of}`).join("&")}`));
  const path = fc.oneof(
    table.map((some) => `/tables/${some}/rows`),
    fc.tuple(table, encoded).map(([some, key]) => `/tables/${some}/rows/${key}`),
    table.map((some) => `/tables/${some}`),
    encoded.map((key) => `/updates/${key}`),
    encoded.map((id) => `/dead-letters/${id}`),
    fc.constantFrom(
      "/dead-letters",
      "/dead-letters/summary",
      "/receipts",
      "/get/post",
      "/tables",
      "/metrics",
      "/openapi.json",
    ),
  );
  const method = fc.constantFrom<("GET" | "HEAD" | "DELETE")[]>("GET", "GET", "GET", "HEAD", "DELETE");
  const tag = fc.record({ "if-none-match": fc.oneof(text(), fc.constant("*")) }, { requiredKeys: [] });
  return fc
    .tuple(method, path, query, tag)
    .map(([by, to, of, headers]) => ({ method: by, url: to + of, headers }))
    .filter(isSent);
}
