/** A span's place in its trace: what travels from process to process (W3C Recommendation, "Trace Context"). */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  /** Whether whoever began the trace records it. */
  readonly sampled: boolean;
  /** The vendors' own members, passed on as they came. */
  readonly state?: string | undefined;
}

/** As HTTP headers, and as attributes of a message (W3C Draft, "Trace Context: AMQP protocol", says the same names). */
export const TRACEPARENT = "traceparent";
export const TRACESTATE = "tracestate";

/**
 * Other attributes in which publishers put a `traceparent`: CloudEvents' ("Distributed Tracing extension", in Pub/Sub's binary
 * form), and that of Google's own client libraries.
 */
const OTHER_PARENTS = ["ce-traceparent", "googclient_traceparent"];

/** Characters of a `tracestate` that are passed on at the most (section 3.3.1.5 asks for at least as many). */
const LONGEST_STATE = 512;

/** Version, trace id, parent id, flags (section 3.2.2); later versions may say more behind these. */
const FORM = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The context in headers or attributes; undefined when there is none, or none that can be read (section 4.3: begin anew). */
export function readTraceContext(carrier: Readonly<Record<string, unknown>>): TraceContext | undefined {
  const own = contextOf(carrier[TRACEPARENT]);
  if (own !== undefined) {
    const state = carrier[TRACESTATE];
    const passed = typeof state === "string" && state !== "" && state.length <= LONGEST_STATE;
    return passed ? { ...own, state } : own;
  }
  for (const name of OTHER_PARENTS) {
    const context = contextOf(carrier[name]);
    if (context !== undefined) return context;
  }
  return undefined;
}

/** The context as headers or attributes, to be spread among others. */
export function writeTraceContext({ traceId, spanId, sampled, state }: TraceContext): Record<string, string> {
  const parent = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
  return state === undefined ? { [TRACEPARENT]: parent } : { [TRACEPARENT]: parent, [TRACESTATE]: state };
}

function contextOf(text: unknown): TraceContext | undefined {
  if (typeof text !== "string") return undefined;
  const [, version, traceId, spanId, flags = "", more] = FORM.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  if (version === "00" && more !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
