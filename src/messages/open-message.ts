import { openAvro, SCHEMA_ENCODING } from "./avro-decode.ts";
import type { Opened } from "./cloud-event.ts";
import { binaryEventFault, openStructuredEvent } from "./cloud-event.ts";
import type { ContentKind } from "./content-type.ts";
import { contentKind } from "./content-type.ts";
import { isJsonObject } from "./json-value.ts";
import type { JsonLimits } from "./parse-json.ts";
import { parseJson } from "./parse-json.ts";
import { clip, quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import type { Message } from "./update.ts";

/** Pub/Sub gives these attributes to a message that it moves to the dead-letter topic of a subscription. */
const GIVEN_UP_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount";
const GIVEN_UP_BY = "CloudPubSubDeadLetterSourceSubscription";

/**
 * Takes the envelope off a message: plain JSON, or a CloudEvent in binary or structured mode, told apart by the
 * attribute `content-type` and, where there is none, by a top-level `specversion`; or Avro, where the broker says that the
 * topic has a schema: then the schema says how the data is written, whatever the publisher's attributes say. A message that came back through the
 * subscription's own dead-letter topic is not looked into: it may be what killed the process.
 */
export function openMessage(message: Message, limits: JsonLimits): Opened {
  const { attributes, data } = message;
  const cameBack = backstopFault(attributes);
  if (cameBack !== undefined) {
    return { bytes: data, fault: cameBack };
  }
  const encoding = attributes[SCHEMA_ENCODING];
  if (encoding !== undefined) {
    const { update, fault } = openAvro(data, encoding, limits);
    return fault === undefined
      ? { update, pointer: "", fault: binaryEventFault(attributes) }
      : { bytes: data, fault };
  }
  const declared = attributes["content-type"] ?? attributes["ce-datacontenttype"];
  const kind = declared === undefined ? undefined : contentKind(declared);
  if (declared !== undefined && (kind === "other" || kind === "event_batch")) {
    return { bytes: data, fault: contentTypeFault(declared, kind) };
  }
  const parsed = parseJson(data, limits);
  if (parsed.fault !== undefined) {
    return { bytes: data, fault: parsed.fault };
  }
  const { value } = parsed;
  const looksStructured =
    isJsonObject(value) && Object.hasOwn(value, "specversion") && attributes["ce-specversion"] === undefined;
  return kind === "event" || looksStructured
    ? openStructuredEvent(value, limits)
    : { update: value, pointer: "", fault: binaryEventFault(attributes) };
}

function contentTypeFault(declared: string, kind: ContentKind): Rejection {
  const advice =
    kind === "event_batch"
      ? "publish each event of the batch as a message of its own"
      : "an update is JSON in UTF-8, such as application/json or application/cloudevents+json";
  const message = `The content type ${quote(declared)} is not read here; ${advice}.`;
  return { code: "malformed", rule: "content_type", message };
}

function backstopFault(attributes: Message["attributes"]): Rejection | undefined {
  const count = attributes[GIVEN_UP_COUNT];
  const subscription = attributes[GIVEN_UP_BY];
  if (count === undefined && subscription === undefined) {
    return undefined;
  }
  const message =
    `Subscription ${clip(subscription ?? "unknown", 80)} gave the message up after ` +
    `${clip(count ?? "an unknown number of", 20)} deliveries; none of them was settled.`;
  return { code: "undeliverable", rule: "delivery_attempts", message };
}
