import { readTraceContext, writeTraceContext } from "../telemetry/trace-context.ts";
import type { Span, Tracing } from "../telemetry/tracing.ts";
import type { Publisher } from "./port.ts";

/** Attributes of one message at the most (Google Cloud, "Pub/Sub quotas and limits"). */
const MOST_ATTRIBUTES = 100;

/**
 * A publisher that makes a span of each publish, as part of the trace in the message's attributes, and writes its own place
 * there: what is done with the message becomes part of that. Without tracing it is the publisher itself, and the attributes
 * stay as they are. A message that has no room for the attributes is published as it is.
 */
export function tracedPublisher(
  publisher: Publisher,
  topic: string,
  tracing: Tracing | undefined,
): Publisher {
  if (tracing === undefined) return publisher;
  return {
    publish: (data, attributes) => {
      const span = startPublish(tracing, topic, data, attributes);
      const traced = { ...attributes, ...writeTraceContext(span.context) };
      const fits = Object.keys(traced).length <= MOST_ATTRIBUTES;
      return ended(span, publisher.publish(data, fits ? traced : attributes));
    },
    close: () => publisher.close(),
  };
}

/** Names and attributes: OpenTelemetry, "Semantic conventions for messaging spans". */
function startPublish(
  tracing: Tracing,
  topic: string,
  data: Buffer,
  attributes: Readonly<Record<string, string>>,
): Span {
  return tracing.start(`publish ${topic}`, {
    kind: "producer",
    parent: readTraceContext(attributes),
    attributes: {
      "messaging.system": "gcp_pubsub",
      "messaging.operation.name": "publish",
      "messaging.operation.type": "send",
      "messaging.destination.name": topic,
      "messaging.message.body.size": data.length,
      "rowpost.idempotency_key": attributes["idempotency-key"],
    },
  });
}

async function ended(span: Span, publishing: Promise<string>): Promise<string> {
  try {
    const id = await publishing;
    span.set({ "messaging.message.id": id });
    span.end();
    return id;
  } catch (error) {
    span.end({ error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}
