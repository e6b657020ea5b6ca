import { type ProblemCode, PROBLEMS } from "../problem.ts";
import { type AnswerDescription, ref } from "./description.ts";

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
    ...(open ? [] : (["unauthenticated", "rate_limited", "issuer_unavailable"] as const)),
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
  return { description, content: { "application/problem+json": { schema } }, ...(headers && { headers }) };
}

const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { "WWW-Authenticate": "How to say who asks (RFC 9110)" },
  429: { "Retry-After": "Seconds after which to ask again" },
  503: { "Retry-After": "Seconds after which to ask again; not there when asking again does not help" },
};
