import type { TraceContext } from "./trace-context.ts";

export type Attributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface SpanOptions {
  /** What the span does for its trace (OpenTelemetry specification, "SpanKind"). */
  readonly kind: "server" | "client" | "producer" | "consumer" | "internal";
  /** The span of which this one is a part, here or elsewhere; undefined: it begins a trace. */
  readonly parent?: TraceContext | undefined;
  readonly attributes?: Attributes;
  /** `performance.now()` of its beginning; default: now. */
  readonly startedAt?: number;
}

/** A piece of work with a beginning, an end, and a place in a trace. Nothing here throws. */
export interface Span {
  readonly context: TraceContext;
  /** False: it only passes its context on, and what is said of it is not kept. */
  readonly recorded: boolean;
  set(attributes: Attributes): void;
  /** Names a span, of any trace, that has to do with this one. */
  link(context: TraceContext): void;
  /** `at`: `performance.now()`. */
  event(name: string, attributes: Attributes, at: number): void;
  /** Once. `error`: why the work failed; `endedAt`: `performance.now()` of its end, default now. */
  end(how?: { readonly error?: string | undefined; readonly endedAt?: number }): void;
}

/** Makes spans and sends them. Closing it sends what is left, for 2 s at the most. */
export interface Tracing extends AsyncDisposable {
  start(name: string, options: SpanOptions): Span;
}

/** Which traces that begin here are recorded, and whether those that began elsewhere are (OpenTelemetry, "Sampling"). */
export interface Sampling {
  /** Of 1: the share that is recorded, chosen by trace id. */
  readonly ratio: number;
  /** Who began the trace decides; the ratio is for traces that begin here. */
  readonly parentBased: boolean;
}

export interface TracingOptions {
  /** URL of an OTLP receiver for traces: protobuf over HTTP. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly version: string;
  /** What else is said of this process. */
  readonly resource: Readonly<Record<string, string>>;
  readonly sampling: Sampling;
  /** Hears why spans could not be sent. */
  readonly failed: (error: unknown) => void;
}

/** Opens tracing; the library that does it is loaded here, so that it costs nothing where it is not configured. */
export async function openTracing(options: TracingOptions | undefined): Promise<Tracing | undefined> {
  if (options === undefined) return undefined;
  const { OtlpTracing } = await import("./otlp-tracing.ts");
  return new OtlpTracing(options);
}
