/** Status codes of gRPC by number (gRPC documentation, "Status codes and their use in gRPC"). */
const STATUS = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;
export type StatusName = (typeof STATUS)[number];

/** A topic, a subscription or a schema, by its short or its full name, and what was wanted of it. */
export interface Resource {
  readonly kind: "topic" | "subscription" | "schema";
  readonly name: string;
  readonly project: string;
  readonly address: string;
  readonly purpose: "pull from" | "publish to" | "read" | "look after" | "grant rights on";
}

/** Trouble with Pub/Sub in one sentence that says what to do; `cause` is the client's own error. */
export class PubSubError extends Error {
  override readonly name = "PubSubError";
  /** undefined: it came from the client itself, not from the service. */
  readonly status: StatusName | undefined;

  constructor(resource: Resource, cause: unknown) {
    super(explain(cause, resource), { cause });
    this.status = statusOf(cause);
  }
}

/** The gRPC status of an error of the client; undefined when it has none. */
export function statusOf(error: unknown): StatusName | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "number" ? STATUS[code] : undefined;
}

/** Names a resource: `subscription "updates" in project "p"`. A full name brings its own project. */
export function nameOf({ kind, name, project }: Pick<Resource, "kind" | "name" | "project">): string {
  const full = /^projects\/([^/]+)\/[a-z]+\/(.+)$/.exec(name);
  return `${kind} "${full?.[2] ?? name}" in project "${full?.[1] ?? project}"`;
}

/** One sentence for a person: what is wrong with which resource, and what to do. */
export function explain(error: unknown, resource: Resource): string {
  const what = nameOf(resource);
  const { address, purpose } = resource;
  const status = statusOf(error);
  const detail = detailOf(error);
  switch (status) {
    case "NOT_FOUND":
      return `${what} does not exist: create it with "rowpost topology apply${resource.kind === "schema" ? " --schema" : ""}"`;
    case "PERMISSION_DENIED":
      return `no permission to ${purpose} ${what}: grant this service account ${roleFor(purpose)} (${detail})`;
    case "UNAUTHENTICATED":
      return `Pub/Sub does not accept the credentials to ${purpose} ${what}: check the service account (${detail})`;
    case "UNAVAILABLE":
    case "DEADLINE_EXCEEDED":
      return `Pub/Sub at ${address} does not answer for ${what}: check the network and its status (${detail})`;
    case undefined:
      return `cannot ${purpose} ${what} at ${address}: ${detail}`;
    default:
      return `cannot ${purpose} ${what}: Pub/Sub answered ${status} (${detail})`;
  }
}

function roleFor(purpose: Resource["purpose"]): string {
  switch (purpose) {
    case "pull from":
      return "roles/pubsub.subscriber";
    case "publish to":
      return "roles/pubsub.publisher";
    case "read":
      return "roles/pubsub.viewer";
    case "look after":
      return "roles/pubsub.editor";
    case "grant rights on":
      return "roles/pubsub.admin";
    default:
      return purpose satisfies never;
  }
}

/** The error's own words on one line, without the code before them and the history of tries after them. */
function detailOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const plain = text
    .replace(/^\d+ [A-Z_]+: /, "")
    .replace(/( Resolution note:| : Previous errors).*/s, "")
    .replace(/\s+/g, " ")
    .trim();
  return plain === "" ? "no detail given" : plain.slice(0, 300);
}
