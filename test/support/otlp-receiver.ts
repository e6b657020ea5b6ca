import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import protobuf from "protobufjs";
import { listen } from "./listen.ts";
import type { Scope } from "./servers.ts";

/** Of OpenTelemetry's protocol ("OTLP Specification"; trace/v1, resource/v1, common/v1) what the tests look at. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9;
    repeated Event events = 11; repeated Link links = 13; Status status = 15;
  }
  message Event { string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message ArrayValue { repeated AnyValue values = 1; }
  message AnyValue {
    oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; }
  }`);
const Request = root.lookupType("Request");

/** A span that was received; ids in hex, times in ms. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it begins its trace. */
  readonly parentSpanId: string;
  readonly traceState: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** What else is said of its process. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: it failed. */
  readonly status: { readonly code: number; readonly message: string };
}

/** An OTLP receiver on this machine; closed when the scope ends. */
export interface OtlpReceiver {
  /** Its address, as `OTEL_EXPORTER_OTLP_ENDPOINT` wants it. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** The headers of the last request. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Resolves when enough has come; rejects after 20 s with the names of what did. */
  until(what: string, enough: (spans: readonly ReceivedSpan[]) => boolean): Promise<void>;
}

export async function otlpReceiver(scope: Scope): Promise<OtlpReceiver> {
  const came = new EventEmitter();
  const spans: ReceivedSpan[] = [];
  let headers: Readonly<Record<string, unknown>> = {};
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const right =
        request.url === "/v1/traces" && request.headers["content-type"] === "application/x-protobuf";
      if (right) {
        headers = request.headers;
        spans.push(...spansOf(body));
      }
      response.writeHead(right ? 200 : 404, { "content-type": "application/x-protobuf" }).end();
      came.emit("spans");
    })();
  });
  const { url } = await listen(scope, server);
  return {
    url,
    spans,
    get headers() {
      return headers;
    },
    async until(what, enough) {
      const signal = AbortSignal.timeout(20_000);
      while (!enough(spans)) {
        await once(came, "spans", { signal }).catch((cause: unknown) => {
          const names = spans.map(({ service, name }) => `${service}: ${name}`).join(", ");
          throw new Error(`not within 20 s: ${what}; there are ${names}`, { cause });
        });
      }
    },
  };
}

// oxlint-disable-next-line typescript/no-explicit-any -- the shape is that of the messages above
type Decoded = any;

function spansOf(body: Buffer): ReceivedSpan[] {
  const options = { longs: Number, bytes: Buffer, defaults: true, arrays: true };
  const request = Request.toObject(Request.decode(body), options) as Decoded;
  return request.resourceSpans.flatMap(({ resource, scopeSpans }: Decoded) => {
    const { "service.name": service, ...others } = attributesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }: Decoded) =>
      spans.map((span: Decoded) => ({ ...spanOf(span), service, resource: others })),
    );
  });
}

function spanOf(span: Decoded): Omit<ReceivedSpan, "service" | "resource"> {
  return {
    name: span.name,
    ...idsOf(span),
    parentSpanId: span.parentSpanId.toString("hex"),
    traceState: span.traceState,
    kind: span.kind,
    startMs: span.startTimeUnixNano / 1e6,
    endMs: span.endTimeUnixNano / 1e6,
    attributes: attributesOf(span.attributes),
    events: span.events.map(({ name, attributes }: Decoded) => ({
      name,
      attributes: attributesOf(attributes),
    })),
    links: span.links.map(idsOf),
    status: { code: span.status?.code ?? 0, message: span.status?.message ?? "" },
  };
}

function idsOf({ traceId, spanId }: Decoded): { readonly traceId: string; readonly spanId: string } {
  return { traceId: traceId.toString("hex"), spanId: spanId.toString("hex") };
}

function attributesOf(attributes: Decoded[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: Decoded): unknown {
  if (value.arrayValue) return value.arrayValue.values.map(valueOf);
  const [kind] = Object.keys(value).filter((name) => name !== "arrayValue");
  return kind === undefined ? undefined : value[kind];
}
