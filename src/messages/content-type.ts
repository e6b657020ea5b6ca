/** What a media type says about data. */
export type ContentKind = "json" | "event" | "event_batch" | "other";

/**
 * Reads a media type (RFC 9110 section 8.3.1): JSON text, a CloudEvent in JSON, a batch of these, or something that is
 * not read here, be it by its type or by a charset other than UTF-8. `application/cloudevents` alone means the JSON
 * format, the one that every receiver must know.
 */
export function contentKind(contentType: string): ContentKind {
  const [type = "", ...parameters] = contentType.toLowerCase().split(";");
  if (
    parameters.some(
      (parameter) => /^\s*charset\s*=/.test(parameter) && !/=\s*"?(utf-?8|us-ascii)"?\s*$/.test(parameter),
    )
  ) {
    return "other";
  }
  switch (type.trim()) {
    case "application/json":
    case "text/json":
      return "json";
    case "application/cloudevents":
    case "application/cloudevents+json":
      return "event";
    case "application/cloudevents-batch":
    case "application/cloudevents-batch+json":
      return "event_batch";
    default:
      return /^[a-z]+\/[^\s/]+\+json$/.test(type.trim()) ? "json" : "other";
  }
}
