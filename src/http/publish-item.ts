import type { Encode, Publishable } from "../messages/encode.ts";
import { isJsonObject, type JsonValue, member } from "../messages/json-value.ts";
import type { Principal } from "../messages/principal.ts";
import type { Access } from "./access.ts";
import { HttpProblem, type ProblemBody, problemBody, rejectionProblem } from "./problem.ts";

/** What can be sent, or why not. */
export type Item =
  | { readonly message: Publishable; readonly problem?: undefined }
  | { readonly message?: undefined; readonly problem: ProblemBody };

/** How items are checked: with the worker's own code, and what the principal may do. */
export interface ItemRules {
  readonly encode: Encode;
  readonly access: Access;
}

/**
 * One update as it came over HTTP, checked as the worker will check it. Its key is `headerKey` (of the `Idempotency-Key` header),
 * else its own member `idempotencyKey`, else that of a CloudEvent, else a new one (UUIDv7).
 */
export function checkItem(
  value: JsonValue,
  headerKey: string | undefined,
  principal: Principal,
  rules: ItemRules,
): Item {
  const { own, update, problem } = takeKey(value);
  if (problem !== undefined) return { problem };
  if (own !== undefined && headerKey !== undefined && own !== headerKey) {
    const detail = "The header Idempotency-Key and the member idempotencyKey differ; send one of them.";
    return {
      problem: problemBody("invalid", detail, { pointer: "/idempotencyKey", rule: "idempotency_key" }),
    };
  }
  const key = headerKey ?? own;
  const encoded = rules.encode(update, key);
  if (encoded.rejection !== undefined) {
    const { rejection, each } = encoded;
    const errors = each.map(({ message, ...where }) => ({ ...where, detail: message }));
    return { problem: rejectionProblem(rejection, { errors, idempotencyKey: key }) };
  }
  const { message } = encoded;
  const refusal = rules.access.refusal(principal, message.update);
  return refusal === undefined
    ? { message }
    : { problem: rejectionProblem(refusal, { idempotencyKey: message.key }) };
}

/** The update without its member `idempotencyKey`, which is no part of it. */
function takeKey(value: JsonValue): { own?: string; update: JsonValue; problem?: ProblemBody } {
  if (!isJsonObject(value)) return { update: value };
  const own = member(value, "idempotencyKey");
  if (own === undefined) return { update: value };
  const { idempotencyKey: _, ...update } = value;
  if (typeof own === "string") return { own, update };
  const detail = "The member idempotencyKey must be a text of 1 to 255 printable ASCII characters.";
  return { update, problem: problemBody("invalid", detail, { pointer: "/idempotencyKey", rule: "type" }) };
}

/**
 * The key of the `Idempotency-Key` header: bare, or a quoted string (IETF draft "The Idempotency-Key HTTP Header Field", a
 * Structured Field string of RFC 9651). Throws an {@link HttpProblem} `bad_request` for a quoted string that is none.
 */
export function headerKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== "string") throw badHeader("is there more than once; send one");
  if (!header.startsWith('"')) return header;
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header);
  if (quoted === null)
    throw badHeader("begins with a quote and is no quoted string; quote it as a whole or not at all");
  return (quoted[1] ?? "").replaceAll(/\\(["\\])/g, "$1");
}

function badHeader(fault: string): HttpProblem {
  const detail = `The header Idempotency-Key ${fault}.`;
  return new HttpProblem("bad_request", detail, {
    members: { pointer: "/header/idempotency-key", rule: "idempotency_key" },
  });
}
