import { contentKind } from "./content-type.ts";
import type { EventName } from "./choose-key.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import { isJsonObject, member } from "./json-value.ts";
import type { JsonLimits } from "./parse-json.ts";
import { parseJson } from "./parse-json.ts";
import { quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";

/** What the envelope held. The fingerprint is that of the update, or else of the bytes. */
export type Opened = Read | Unread;

/** The update as the publisher wrote it, and its JSON pointer in the message; with a fault of the envelope, if any. */
export interface Read {
  readonly update: JsonValue;
  readonly pointer: string;
  readonly bytes?: undefined;
  readonly event?: EventName | undefined;
  readonly fault?: Rejection | undefined;
}

/** The bytes that could not be read as JSON. */
export interface Unread {
  readonly bytes: Buffer;
  readonly event?: EventName | undefined;
  readonly fault: Rejection;
}

const REQUIRED = ["specversion", "id", "source", "type"] as const;
const VERSION = "1.0";

/**
 * Takes the update out of a CloudEvent in structured mode (CloudEvents 1.0, JSON event format): `data`, or the JSON text
 * in `data_base64`. Pointers into the latter count from its own root. Other members are context attributes, which are of
 * no interest here.
 */
export function openStructuredEvent(event: JsonValue, limits: JsonLimits): Opened {
  if (!isJsonObject(event)) {
    const message = "A CloudEvent in structured mode is a JSON object with the update in its member data.";
    return { update: event, pointer: "", fault: { code: "invalid", rule: "type", pointer: "", message } };
  }
  const fault = REQUIRED.map((name) => contextFault(name, member(event, name), `/${name}`)).find(Boolean);
  const source = member(event, "source");
  const id = member(event, "id");
  const named = fault === undefined && typeof source === "string" && typeof id === "string";
  const name = named ? { source, id } : undefined;
  const opened = openData(event, limits);
  return opened.bytes === undefined
    ? { ...opened, event: name, fault: fault ?? opened.fault }
    : { ...opened, event: name, fault: fault ?? opened.fault };
}

/**
 * The fault of a message's `ce-` attributes, if they say that it is a CloudEvent in binary mode ("Google Cloud Pub/Sub
 * Protocol Binding for CloudEvents"): `ce-specversion` is there, then the other required ones must be too.
 */
export function binaryEventFault(attributes: Readonly<Record<string, string>>): Rejection | undefined {
  if (attributes["ce-specversion"] === undefined) {
    return undefined;
  }
  return REQUIRED.map((name) => contextFault(name, attributes[`ce-${name}`])).find(Boolean);
}

/** A required context attribute is a text that is not empty; as an attribute of the message it has no pointer. */
function contextFault(name: string, value: JsonValue | undefined, pointer?: string): Rejection | undefined {
  const where = pointer === undefined ? {} : { pointer };
  const called = pointer === undefined ? `attribute ce-${name}` : `member ${name}`;
  if (value === undefined) {
    const message = `The ${called} is missing; a CloudEvent must have ${REQUIRED.join(", ")}.`;
    return { code: "invalid", rule: "required", ...where, message };
  }
  if (typeof value !== "string" || value === "") {
    const message = `The ${called} of a CloudEvent must be a text that is not empty.`;
    return { code: "invalid", rule: typeof value === "string" ? "min_length" : "type", ...where, message };
  }
  if (name === "specversion" && value !== VERSION) {
    const message = `The ${called} is ${quote(value)}; only CloudEvents ${VERSION} are read.`;
    return { code: "invalid", rule: "specversion", ...where, message };
  }
  return undefined;
}

function openData(event: JsonObject, limits: JsonLimits): Opened {
  const data = member(event, "data");
  const encoded = member(event, "data_base64");
  const kind = member(event, "datacontenttype") ?? "application/json";
  if (typeof kind !== "string" || contentKind(kind) !== "json") {
    const message = "The member datacontenttype must name JSON, such as application/json; an update is JSON.";
    const fault: Rejection = {
      code: "malformed",
      rule: "content_type",
      pointer: "/datacontenttype",
      message,
    };
    return { update: data ?? event, pointer: "/data", fault };
  }
  if (encoded !== undefined && data !== undefined) {
    const message = "The CloudEvent has both data and data_base64; keep one of them.";
    const fault: Rejection = { code: "invalid", rule: "data", pointer: "/data_base64", message };
    return { update: event, pointer: "", fault };
  }
  if (encoded !== undefined) {
    return openBase64(event, encoded, limits);
  }
  if (data === undefined) {
    const message = "The CloudEvent has no data; the update belongs there.";
    return {
      update: event,
      pointer: "",
      fault: { code: "invalid", rule: "required", pointer: "/data", message },
    };
  }
  return { update: data, pointer: "/data" };
}

function openBase64(event: JsonObject, encoded: JsonValue, limits: JsonLimits): Opened {
  const bytes = typeof encoded === "string" ? Buffer.from(encoded, "base64") : Buffer.alloc(0);
  if (typeof encoded !== "string" || bytes.toString("base64") !== encoded) {
    const message = "The member data_base64 is not Base64 with padding (RFC 4648 section 4).";
    const fault: Rejection = { code: "malformed", rule: "base64", pointer: "/data_base64", message };
    return { update: event, pointer: "", fault };
  }
  const parsed = parseJson(bytes, limits);
  return parsed.fault === undefined ? { update: parsed.value, pointer: "" } : { bytes, fault: parsed.fault };
}
