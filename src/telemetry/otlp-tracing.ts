import * as otel from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { TraceContext } from "./trace-context.ts";
import type { Attributes, Sampling, Span, SpanOptions, Tracing, TracingOptions } from "./tracing.ts";

/** Spans that wait to be sent, at the most: what comes beyond is dropped, for tracing must not hold up updates. */
const QUEUE = 8_192;
const REQUEST_SPANS = 512;
const SEND_EVERY_MS = 1_000;
const SEND_TIMEOUT_MS = 5_000;
const CLOSE_MS = 2_000;
/** As many updates as a batch may have (`BATCH_SIZE`). */
const MOST_LINKS = 5_000;

const KINDS = {
  server: otel.SpanKind.SERVER,
  client: otel.SpanKind.CLIENT,
  producer: otel.SpanKind.PRODUCER,
  consumer: otel.SpanKind.CONSUMER,
  internal: otel.SpanKind.INTERNAL,
} as const;

/** Tracing with OpenTelemetry's SDK. Nothing is set globally: no other library begins to trace because this one does. */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: otel.Tracer;

  constructor({ url, headers, serviceName, version, resource, sampling, failed }: TracingOptions) {
    otel.diag.setLogger(quietBut(failed), {
      logLevel: otel.DiagLogLevel.ERROR,
      suppressOverrideMessage: true,
    });
    const exporter = new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: SEND_TIMEOUT_MS });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        ...resource,
        "service.name": serviceName,
        "service.version": version,
      }),
      sampler: samplerOf(sampling),
      spanLimits: { linkCountLimit: MOST_LINKS },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: QUEUE,
          maxExportBatchSize: REQUEST_SPANS,
          scheduledDelayMillis: SEND_EVERY_MS,
          exportTimeoutMillis: SEND_TIMEOUT_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer("rowpost", version);
  }

  start(name: string, { kind, parent, attributes, startedAt }: SpanOptions): Span {
    const context = parent === undefined ? otel.ROOT_CONTEXT : contextOf(parent);
    const options = {
      kind: KINDS[kind],
      ...(attributes === undefined ? {} : { attributes: given(attributes) }),
      ...(startedAt === undefined ? {} : { startTime: epochMs(startedAt) }),
    };
    return new OtlpSpan(this.#tracer.startSpan(name, options, context));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, CLOSE_MS);
    // Its own errors have gone to `failed`.
    await Promise.race([this.#provider.shutdown().catch(() => {}), timer.promise]);
    clearTimeout(timeout);
  }
}

class OtlpSpan implements Span {
  readonly context: TraceContext;
  readonly recorded: boolean;
  readonly #span: otel.Span;

  constructor(span: otel.Span) {
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const state = traceState?.serialize();
    this.context = {
      traceId,
      spanId,
      sampled: (traceFlags & otel.TraceFlags.SAMPLED) !== 0,
      ...(state === undefined ? {} : { state }),
    };
    this.recorded = span.isRecording();
    this.#span = span;
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(given(attributes));
  }

  link(context: TraceContext): void {
    this.#span.addLink({ context: spanContextOf(context) });
  }

  event(name: string, attributes: Attributes, at: number): void {
    this.#span.addEvent(name, given(attributes), epochMs(at));
  }

  end({ error, endedAt }: { readonly error?: string | undefined; readonly endedAt?: number } = {}): void {
    if (error !== undefined) this.#span.setStatus({ code: otel.SpanStatusCode.ERROR, message: error });
    this.#span.end(endedAt === undefined ? undefined : epochMs(endedAt));
  }
}

function samplerOf({ ratio, parentBased }: Sampling) {
  const root = new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root }) : root;
}

function contextOf(parent: TraceContext): otel.Context {
  return otel.trace.setSpanContext(otel.ROOT_CONTEXT, spanContextOf(parent));
}

function spanContextOf({ traceId, spanId, sampled, state }: TraceContext): otel.SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: sampled ? otel.TraceFlags.SAMPLED : otel.TraceFlags.NONE,
    isRemote: true,
    ...(state === undefined ? {} : { traceState: otel.createTraceState(state) }),
  };
}

function epochMs(at: number): number {
  return performance.timeOrigin + at;
}

function given(attributes: Attributes): otel.Attributes {
  return Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as otel.Attributes;
}

/** The library reports through this alone, its errors as text. */
function quietBut(failed: (error: unknown) => void): otel.DiagLogger {
  const nothing = () => {};
  return {
    error: (message) => failed(new Error(reasonIn(message))),
    warn: nothing,
    info: nothing,
    debug: nothing,
    verbose: nothing,
  };
}

/** An error comes as JSON of its members, stack included. */
function reasonIn(message: string): string {
  try {
    return String((JSON.parse(message) as { message?: unknown }).message ?? message);
  } catch {
    return message;
  }
}
