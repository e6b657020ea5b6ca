import { readEntry, type SentMessage } from "./message.ts";
import { invalid } from "./status-error.ts";
import { WireReader } from "./wire.ts";

/** Pub/Sub documentation, "Quotas and limits": resource limits. */
const MAX_MESSAGES = 1_000;
const MAX_DATA_BYTES = 10_000_000;
const MAX_ATTRIBUTES = 100;
const MAX_KEY_BYTES = 256;
const MAX_VALUE_BYTES = 1_024;
const MAX_ORDERING_KEY_BYTES = 1_024;

/** The longest PublishRequest that is read, in bytes: one with the longest message and what belongs to it. */
export const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** A google.pubsub.v1.PublishRequest, its messages left where they are. */
export interface PublishRequest {
  readonly bytes: Buffer;
  readonly topic: string;
  readonly messages: readonly SentMessage[];
}

/** Reads and checks a request; throws INVALID_ARGUMENT when one of its messages may not be published. */
export function readPublishRequest(bytes: Buffer): PublishRequest {
  let topic = "";
  const messages: SentMessage[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) topic = reader.text();
    else if (reader.field === 2) messages.push(readMessage(reader));
  }
  if (messages.length === 0) throw invalid("A request must have at least one message.");
  if (messages.length > MAX_MESSAGES)
    throw invalid(`A request may have ${MAX_MESSAGES} messages, and this one has ${messages.length}.`);
  if (bytes.length > MAX_REQUEST_BYTES)
    throw invalid(`A request may have ${MAX_REQUEST_BYTES} bytes, and this one has ${bytes.length}.`);
  const [first] = messages;
  if (messages.some(({ key }) => key !== first?.key))
    throw invalid("All messages of a request must have the same ordering key.");
  return { bytes, topic, messages };
}

function readMessage(request: WireReader): SentMessage {
  const { bytes, start, end } = request;
  const reader = new WireReader(bytes, start, end);
  let dataStart = start;
  let dataEnd = start;
  let attributes = 0;
  let key = "";
  while (reader.next()) {
    if (reader.field === 1) {
      dataStart = reader.start;
      dataEnd = reader.end;
    } else if (reader.field === 2) {
      attributes++;
      checkAttribute(reader);
    } else if (reader.field === 5) {
      key = readOrderingKey(reader);
    }
  }
  if (dataStart === dataEnd && attributes === 0)
    throw invalid("A message must have data or at least one attribute.");
  if (dataEnd - dataStart > MAX_DATA_BYTES)
    throw invalid(`The data of a message may have ${MAX_DATA_BYTES} bytes.`);
  if (attributes > MAX_ATTRIBUTES) throw invalid(`A message may have ${MAX_ATTRIBUTES} attributes.`);
  return { start, end, dataStart, dataEnd, key };
}

function readOrderingKey(reader: WireReader): string {
  if (reader.end - reader.start > MAX_ORDERING_KEY_BYTES)
    throw invalid(`An ordering key may have ${MAX_ORDERING_KEY_BYTES} bytes.`);
  return reader.text();
}

function checkAttribute(reader: WireReader): void {
  const { key, value } = readEntry(reader);
  if (key === "") throw invalid("The key of an attribute must not be empty.");
  // The client libraries' own, for traces, are the exception.
  if (key.startsWith("goog") && !key.startsWith("googclient_"))
    throw invalid(`The key of attribute "${key}" must not start with "goog".`);
  // A UTF-8 text of this many bytes has at most as many UTF-16 units.
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw invalid(`The key of an attribute may have ${MAX_KEY_BYTES} bytes.`);
  if (value.length * 3 > MAX_VALUE_BYTES && Buffer.byteLength(value) > MAX_VALUE_BYTES)
    throw invalid(`The value of attribute "${key}" may have ${MAX_VALUE_BYTES} bytes.`);
}
