import type { Rejection, RejectionCode } from "../messages/rejection.ts";

/** What the sidecar itself may refuse, by stable code; a refused update has its rejection's code. Extend it here first. */
const OWN_PROBLEMS = {
  bad_request: { status: 400, title: "The request is not as described" },
  unauthenticated: { status: 401, title: "Who asks is not known" },
  not_found: { status: 404, title: "There is nothing here" },
  no_receipt: { status: 404, title: "There is no receipt of this key" },
  no_dead_letter: { status: 404, title: "There is no such dead letter" },
  no_row: { status: 404, title: "There is no such row" },
  method_not_allowed: { status: 405, title: "This method is not answered here" },
  not_acceptable: { status: 406, title: "None of the accepted formats is served" },
  request_timeout: { status: 408, title: "The request did not come in time" },
  uri_too_long: { status: 414, title: "The request's path is too long" },
  headers_too_large: { status: 431, title: "The request's headers are too large" },
  unsupported_media_type: { status: 415, title: "The body's content type is not read here" },
  not_open: { status: 409, title: "The dead letter cannot be replayed" },
  rate_limited: { status: 429, title: "Too many requests" },
  internal: { status: 500, title: "The request could not be answered" },
  broker_unavailable: { status: 503, title: "The broker does not take updates" },
  overloaded: { status: 503, title: "Too many updates are on their way" },
  issuer_unavailable: { status: 503, title: "The issuer of the tokens does not answer" },
  no_database: { status: 503, title: "This sidecar has no database" },
  database_unavailable: { status: 503, title: "The database does not answer" },
  worker_unavailable: { status: 503, title: "The worker does not answer" },
  stopping: { status: 503, title: "This process is stopping" },
} as const;

/** The status and the title of each rejection: what the publisher must change is 4xx, and a state of the rows is 409. */
const REJECTIONS: Readonly<Record<RejectionCode, { readonly status: number; readonly title: string }>> = {
  malformed: { status: 400, title: "The update could not be read" },
  invalid: { status: 422, title: "The update breaks a rule" },
  too_large: { status: 413, title: "The update is too large" },
  unknown_table: { status: 422, title: "There is no such table" },
  unknown_column: { status: 422, title: "There is no such column" },
  operation_denied: { status: 422, title: "The table does not allow this operation" },
  row_missing: { status: 409, title: "The row is not there" },
  row_exists: { status: 409, title: "The row is already there" },
  expectation_failed: { status: 409, title: "A column does not hold what was expected" },
  unique_conflict: { status: 409, title: "Another row has this value" },
  foreign_key: { status: 409, title: "A foreign key does not allow it" },
  check_failed: { status: 409, title: "A check does not allow it" },
  data_refused: { status: 422, title: "The database refused the data" },
  key_reused: { status: 422, title: "The idempotency key has settled another update" },
  forbidden: { status: 403, title: "The publisher may not do this" },
  undeliverable: { status: 409, title: "The update could not be delivered" },
};

export const PROBLEMS: Readonly<Record<ProblemCode, { readonly status: number; readonly title: string }>> = {
  ...OWN_PROBLEMS,
  ...REJECTIONS,
};
export type ProblemCode = keyof typeof OWN_PROBLEMS | RejectionCode;

/** One fault among several of a request or update. */
export interface Fault {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly pointer?: string | undefined;
  readonly rule?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly index?: string | undefined;
  readonly errno?: number | undefined;
}

/** What a problem says beside its code and its sentence. */
export interface ProblemMembers extends Omit<Fault, "code" | "detail"> {
  readonly idempotencyKey?: string | undefined;
  readonly errors?: readonly Fault[] | undefined;
}

/** A problem as it is sent (RFC 9457): `code` is stable, `detail` is for people. */
export interface ProblemBody extends ProblemMembers {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
}

/** Thrown by a route; the error handler sends it as `application/problem+json`. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly body: ProblemBody;
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: ProblemCode, detail: string, { headers = {}, members = {}, cause }: ProblemExtras = {}) {
    super(detail, { cause });
    this.body = problemBody(code, detail, members);
    this.headers = headers;
  }
}

export interface ProblemExtras {
  readonly headers?: Readonly<Record<string, string>>;
  readonly members?: ProblemMembers;
  readonly cause?: unknown;
}

export function problemBody(code: ProblemCode, detail: string, members: ProblemMembers = {}): ProblemBody {
  return { type: "about:blank", ...PROBLEMS[code], code, detail, ...members };
}

/** A rejection as a problem; `errors` holds all faults where there are several. */
export function rejectionProblem(rejection: Rejection, members: ProblemMembers = {}): ProblemBody {
  const { code, message, ...where } = rejection;
  return problemBody(code, message, { ...where, ...members });
}
