import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import type { Document } from "../../src/http/describe/document.ts";
import { type Parameter, type Route, routesOf } from "./openapi.ts";

/** A request with something wrong with it. */
export interface BadRequest {
  /** What is wrong, for people. */
  readonly fault: string;
  readonly method: string;
  /** As it stands in the request line; one character is one byte. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer | undefined;
  /** The description refuses it, so it has to be answered with 4xx. */
  readonly refused: boolean;
}

/** The bytes of the request; the server is asked to close the connection after it. */
export function bytesOf({ method, target, headers, body }: BadRequest): Buffer {
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  const all = [["Host", "localhost"], ["Connection", "close"], ...headers];
  if (body !== undefined && !own.has("content-length") && !own.has("transfer-encoding"))
    all.push(["Content-Length", String(body.length)]);
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, "latin1");
  return body === undefined ? head : Buffer.concat([head, body]);
}

/** Bad requests to all routes of the document. */
export function badRequests(document: Document): fc.Arbitrary<BadRequest> {
  const faults = routesOf(document).flatMap((route) => [
    badPath(route),
    badQuery(route),
    ...(route.path === "/events" ? [] : [badHeader(route)]),
    badMethod(route),
    ...(route.method === "GET" ? [] : [badType(route)]),
    // Most of what may be wrong is in bodies.
    ...(route.operation.requestBody === undefined
      ? []
      : [{ weight: 8, arbitrary: badBody(route, document) }]),
  ]);
  return fc.oneof(badTarget(), ...faults);
}

/** What a request line may name that is no path of ours, or not only. */
function badTarget(): fc.Arbitrary<BadRequest> {
  const targets = [
    "*",
    "http://elsewhere.example/livez",
    "//",
    "/?",
    "/updates?;",
    "",
    "livez",
    "/%",
    "/./livez",
  ];
  return fc
    .tuple(fc.constantFrom(...targets), fc.constantFrom("GET", "OPTIONS", "HEAD", "POST"))
    .map(([target, method]) => ({ fault: "target", method, target, headers: [], refused: false }));
}

const SOME: Readonly<Record<string, string>> = { table: "customers", key: "some", id: "1" };

/** The route's path with something in the place of each parameter. */
function targetOf({ path }: Route, given: Readonly<Record<string, string>> = SOME): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => given[name] ?? SOME[name] ?? "x");
  return path === "/get/post" ? `${filled}?table=toots` : filled;
}

/** Characters that nobody puts into a path, as they are or percent-encoded; none that would end the segment. */
const junk = fc.oneof(
  fc.constantFrom(
    "%",
    "%z",
    "%zz",
    "%ff",
    "%00",
    "%0a%0d",
    "%C0%AF",
    "%ed%a0%80",
    "__proto__",
    "constructor",
  ),
  fc.constantFrom(
    "..",
    ".",
    "%2e%2e%2fetc",
    "%2F",
    "'%20OR%201=1--",
    "~",
    "~2",
    "%7e2",
    ",",
    ",,,",
    "null",
    "-1",
  ),
  fc.integer({ min: 200, max: 20_000 }).map((length) => "a".repeat(length)),
  fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .map((text) => encodeURIComponent(text.toWellFormed())),
  fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 }).map((text) => encodeURIComponent(text)),
  // Bytes from 0x80 on, which a request line may not have.
  fc
    .array(fc.integer({ min: 0x80, max: 0xff }), { minLength: 1, maxLength: 20 })
    .map((bytes) => String.fromCharCode(...bytes)),
);

function badPath(route: Route): fc.Arbitrary<BadRequest> {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  if (names.length === 0) {
    return junk.map((text) => request(route, "path", { target: `${route.path}/${text}/${text}` }));
  }
  return fc.tuple(fc.constantFrom(...names), junk).map(([name, text]) => {
    const target = targetOf(route, { ...SOME, [name]: text });
    // Any text may be a key that is there.
    const refused = name === "table" || (name === "id" && !/^[0-9]+$/.test(text));
    return request(route, `path parameter ${name}`, { target, refused });
  });
}

function badQuery(route: Route): fc.Arbitrary<BadRequest> {
  const { parameters = [], security } = route.operation;
  const known = parameters.filter((parameter) => parameter.in === "query");
  const target = (query: string) => `${targetOf(route)}${targetOf(route).includes("?") ? "&" : "?"}${query}`;
  const stranger = fc
    .tuple(
      fc.constantFrom("nope", "__proto__", "constructor", "%00", "Limit", "limit%5B%5D", "a.b", "%ff"),
      junk,
    )
    .map(([name, text]) =>
      request(route, "unknown parameter", {
        target: target(`${name}=${text.replaceAll(/[&+#]/g, "")}`),
        refused: security?.length !== 0,
      }),
    );
  const wrong = known.map((parameter) =>
    valueNotOf(parameter).map(({ text, refused }) =>
      request(route, `parameter ${parameter.name}`, { target: target(`${parameter.name}=${text}`), refused }),
    ),
  );
  return fc.oneof(stranger, ...wrong);
}

/** A value that is not one of the parameter's; `refused` when its schema says so. */
function valueNotOf({ schema }: Parameter): fc.Arbitrary<{ text: string; refused: boolean }> {
  const free = junk.map((text) => ({ text: text.replaceAll(/[&+#]/g, ""), refused: false }));
  const refused = (...texts: string[]) => fc.constantFrom(...texts).map((text) => ({ text, refused: true }));
  if (schema["type"] === "integer")
    return fc.oneof(
      free,
      refused("abc", "0", "-1", "1.5", "1e999", "99999999999999999999", "%00", "NaN", "1%202"),
    );
  if (Array.isArray(schema["enum"])) return fc.oneof(free, refused("nope", "", "%00", "__proto__"));
  if (typeof schema["pattern"] === "string") return fc.oneof(free, refused("x", "-1", "1e9", "9".repeat(30)));
  return free;
}

/** What a header may hold on the wire, and what it may not. */
const headerText = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    '"',
    '"open',
    '"a"b"',
    '""',
    "wait=",
    "wait=-1",
    "wait=1e9",
    "wait=99999999999",
    "*",
    "W/",
  ),
  fc.integer({ min: 200, max: 20_000 }).map((length) => "k".repeat(length)),
  fc
    .array(fc.integer({ min: 0, max: 0xff }), { minLength: 1, maxLength: 40 })
    .map((bytes) => String.fromCharCode(...bytes).replaceAll(/[\r\n]/g, "")),
);
const HEADERS = [
  ...["idempotency-key", "prefer", "if-none-match", "accept", "authorization", "x-api-key", "origin"],
  ...[
    "accept-encoding",
    "expect",
    "content-length",
    "transfer-encoding",
    "content-encoding",
    "upgrade",
    "x-y",
  ],
];

function badHeader(route: Route): fc.Arbitrary<BadRequest> {
  return fc.tuple(fc.constantFrom(...HEADERS), headerText, fc.boolean()).map(([name, text, twice]) => {
    const headers = [[name, text] as const, ...(twice ? [[name, text] as const] : [])];
    const body = bodyOf(route);
    const type = body === undefined ? [] : [["content-type", "application/json"] as const];
    return request(route, `header ${name}`, { headers: [...headers, ...type], body });
  });
}

function badMethod(route: Route): fc.Arbitrary<BadRequest> {
  const methods = ["PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "NOPE", "get", "G E T", ""];
  return fc.constantFrom(...methods).map((method) => request(route, "method", { method, refused: true }));
}

function badType(route: Route): fc.Arbitrary<BadRequest> {
  const types = [
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "json",
    "/",
    "application/json/x",
    "*/*",
  ];
  const body = bodyOf(route) ?? Buffer.from("{}");
  return fc
    .constantFrom(...types)
    .map((type) =>
      request(route, "content type", { headers: [["content-type", type]], body, refused: true }),
    );
}

function badBody(route: Route, document: Document): fc.Arbitrary<BadRequest> {
  const content = Object.entries(route.operation.requestBody?.content ?? {});
  const all = content.map(([type, { examples = {} }]) => {
    const lines = type.includes("ndjson");
    const accepts = lines ? undefined : acceptsOf(document, route, type);
    const sound = Object.values(examples).map(({ value }) =>
      lines ? (JSON.parse(String(value)) as unknown) : value,
    );
    return fc.oneof(mangled(sound), changed(sound)).map(({ fault, body, value, refused }) => {
      const by = value === undefined || accepts === undefined ? refused : !accepts(value);
      return request(route, `body: ${fault}`, { headers: [["content-type", type]], body, refused: by });
    });
  });
  return fc.oneof(...all);
}

interface Body {
  readonly fault: string;
  readonly body: Buffer;
  /** What it says, when it is sound JSON. */
  readonly value?: unknown;
  readonly refused: boolean;
}

/** Bodies that are no JSON, or more of it than is read. */
function mangled(sound: readonly unknown[]): fc.Arbitrary<Body> {
  const text = fc.constantFrom(...sound).map((value) => JSON.stringify(value));
  const refused = (fault: string) => (body: string | Buffer) => ({
    fault,
    body: Buffer.from(body),
    refused: true,
  });
  return fc.oneof(
    text.chain((whole) => fc.nat(whole.length - 1).map((end) => refused("cut off")(whole.slice(0, end)))),
    text.map((whole) => refused("invalid UTF-8")(Buffer.concat([Buffer.from(whole.slice(0, -1)), INVALID]))),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => refused("any bytes")(Buffer.from(bytes))),
    fc
      .integer({ min: 70, max: 200_000 })
      .map((depth) => refused("deep")("[".repeat(depth) + "]".repeat(depth))),
    fc.integer({ min: 70, max: 50_000 }).map((depth) => refused("deep")('{"a":'.repeat(depth))),
    fc.constantFrom(...TEXTS).map(refused("hostile")),
    fc.integer({ min: 1, max: 3 }).map((mib) => refused("long text")(`{"table":"${"x".repeat(mib * MIB)}"}`)),
  );
}

const MIB = 1024 * 1024;
const INVALID = Buffer.from([0x2c, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]);
const CHANGE = '"table":"customers","op":"upsert","key":{"customerID":"b-1"}';
const TEXTS = [
  `{${CHANGE},"set":{"firstName":"a","firstName":"b"}}`,
  `{"table":"customers",${CHANGE}}`,
  `{${CHANGE},"set":{"__proto__":{"firstName":"x"}}}`,
  `{${CHANGE},"__proto__":{"set":{}}}`,
  `{${CHANGE},"constructor":{"prototype":{}}}`,
  `{${CHANGE},"set":{"firstName":"\\ud800"}}`,
  `{${CHANGE},"set":{"firstName":1e400000}}`,
  `{${CHANGE},"set":{"firstName":${"9".repeat(100_000)}}}`,
  `{"updates":{"length":1000000000}}`,
  '{"__proto__":{"updates":[]}}',
  '\ufeff{"updates":[]}',
  '{"updates":[]}',
  "NaN",
  "null",
  '""',
  "0",
  "-",
  "{}{}",
  "/**/{}",
];

/** Sound JSON in which one place holds something else, is not there, or is one too many. */
function changed(sound: readonly unknown[]): fc.Arbitrary<Body> {
  const value = fc.jsonValue({ maxDepth: 3 });
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom("table", "op", "key", "set", "add", "expect", "changes", "updates"),
  );
  return fc
    .tuple(fc.constantFrom(...sound), fc.nat(), value, name, fc.constantFrom(...CHANGES))
    .map(([from, at, put, called, change]) => {
      const copy = structuredClone(from);
      const places = placesIn(copy);
      const { holder, member } = places[at % places.length] ?? { holder: {}, member: "" };
      if (change === "replaced") define(holder, member, put);
      else if (change === "removed") delete holder[member];
      else define(holder, called, put);
      const text = JSON.stringify(copy);
      return { fault: change, body: Buffer.from(text), value: JSON.parse(text) as unknown, refused: false };
    });
}

const CHANGES = ["replaced", "removed", "added"] as const;
type Holder = Record<string, unknown>;

function define(holder: Holder, member: string, value: unknown): void {
  Object.defineProperty(holder, member, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(value: unknown): { readonly holder: Holder; readonly member: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap((member) => [{ holder, member }, ...placesIn(holder[member])]);
}

function acceptsOf(document: Document, { path, method }: Route, type: string): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "openapi.json");
  const at = ["paths", path, method.toLowerCase(), "requestBody", "content", type, "schema"]
    .map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`)
    .join("");
  return ajv.compile({ $ref: `openapi.json#${at}` }) as (value: unknown) => boolean;
}

/** A sound body, where the route takes one. */
function bodyOf(route: Route): Buffer | undefined {
  const [content] = Object.values(route.operation.requestBody?.content ?? {});
  const [example] = Object.values(content?.examples ?? {});
  return example === undefined ? undefined : Buffer.from(JSON.stringify(example.value));
}

function request(route: Route, fault: string, parts: Partial<BadRequest>): BadRequest {
  return { fault, method: route.method, target: targetOf(route), headers: [], refused: false, ...parts };
}
