import { type ProblemCode, PROBLEMS } from "../problem.ts";
import { type AnswerDescription, type Example, ref } from "./description.ts";

/** What a route may be: it decides what every such route refuses. */
export interface RouteNature {
  readonly public: boolean;
  /** Its method takes a body, whether it is read or not. */
  readonly takesBody: boolean;
  readonly hasBody: boolean;
}

/** The codes that every route of this nature refuses with. */
export function everyProblem({ public: open, takesBody, hasBody }: RouteNature): readonly ProblemCode[] {
  return [
    "bad_request",
    ...(open ? [] : (["unauthenticated", "forbidden", "rate_limited", "issuer_unavailable"] as const)),
    ...(takesBody ? (["too_large", "unsupported_media_type"] as const) : []),
    ...(hasBody ? (["malformed", "invalid"] as const) : []),
  ];
}

/** The answers to what is refused: one a status, which names its codes. */
export function problemAnswers(codes: Iterable<ProblemCode>): Record<number, AnswerDescription> {
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [status, problemAnswer(status, those.sort())]),
  );
}

function problemAnswer(status: number, codes: readonly ProblemCode[]): AnswerDescription {
  const description = codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join("\n\n");
  const headers = HEADERS[status];
  const schema = {
    allOf: [ref("Problem"), { properties: { status: { const: status }, code: { enum: codes } } }],
  };
  const examples = Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }]));
  const content = { "application/problem+json": { schema, examples } };
  return { description, content, ...(headers && { headers }) };
}

/** A problem of each code that some answer has, by component. */
export function problemExamples(): Record<string, Example> {
  const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => !ELSEWHERE.has(code)).sort();
  return Object.fromEntries(codes.map((code) => [code, exampleOf(code)]));
}

function exampleOf(code: ProblemCode): Example {
  const { status, title } = PROBLEMS[code];
  const detail = DETAILS[code] ?? `${title}.`;
  return { summary: title, value: { type: "about:blank", status, title, code, detail, ...PLACES[code] } };
}

/** What an example says beyond its title. */
const DETAILS: Readonly<Partial<Record<ProblemCode, string>>> = {
  invalid: "/set/firstName: firstName must be a text, not a number.",
  row_missing: "customers has no row with customerID c-42.",
  overloaded: "More updates wait for the broker than this process holds; send it again in a moment.",
};
const PLACES: Readonly<Partial<Record<ProblemCode, object>>> = {
  invalid: { pointer: "/set/firstName", rule: "type", table: "customers", column: "firstName" },
  row_missing: { pointer: "/key", table: "customers", idempotencyKey: "order-17" },
};

/** What no described route answers: there is no route, no request, or nobody foresaw it. */
const ELSEWHERE: ReadonlySet<ProblemCode> = new Set([
  "method_not_allowed",
  "request_timeout",
  "uri_too_long",
  "headers_too_large",
  "not_acceptable",
  "internal",
  "stopping",
]);

const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { "WWW-Authenticate": "How to say who asks (RFC 9110)" },
  429: { "Retry-After": "Seconds after which to ask again" },
  503: { "Retry-After": "Seconds after which to ask again; not there when asking again does not help" },
};
