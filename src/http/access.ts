import type { IncomingHttpHeaders } from "node:http";
import { ANYBODY, type Principal } from "../messages/principal.ts";
import type { Rejection } from "../messages/rejection.ts";
import type { Publishable } from "../messages/encode.ts";
import type { Update } from "../messages/update.ts";

/** Who asks, and what they may do. */
export interface Access {
  /** Who asks. Rejects with an {@link HttpProblem}: `unauthenticated`, or `forbidden` for who may do nothing at all here. */
  authenticate(headers: IncomingHttpHeaders): Promise<Principal>;
  /** Why the principal may not publish this update, `forbidden`, with the grant that is missing; undefined: it may. */
  refusal(principal: Principal, update: Update): Rejection | undefined;
  /** Throws an {@link HttpProblem} `forbidden` unless the principal may read this table's rows and definition. */
  mayRead(principal: Principal, table: string): void;
  /** Throws an {@link HttpProblem} `forbidden` unless the principal may see, replay and discard dead letters. */
  mayOperate(principal: Principal): void;
  /** The attributes by which the worker knows the principal; signed when there is a key to sign with. */
  attributes(principal: Principal, message: Publishable): Readonly<Record<string, string>>;
}

/** Everybody may do everything: `AUTH=none` without a policy. */
export const OPEN_ACCESS: Access = {
  authenticate: () => Promise.resolve(ANYBODY),
  refusal: () => undefined,
  mayRead: () => {},
  mayOperate: () => {},
  attributes: () => ({}),
};
