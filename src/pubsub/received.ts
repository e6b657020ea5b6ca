import protobuf from "protobufjs/minimal.js";

const { Reader } = protobuf;
type Reader = InstanceType<typeof Reader>;

/*
 * The messages of a StreamingPullResponse (google/pubsub/v1/pubsub.proto), read in two steps: where each one lies when it arrives,
 * what it says when a lane takes it. Thousands wait in between, and bytes are no work for the garbage collector.
 */

/** The number of a field and its wire type in one, as they stand before a field (Protocol Buffers, "Encoding"). */
const LENGTH_DELIMITED = 2;
const tag = (field: number, type = LENGTH_DELIMITED) => field * 8 + type;

const RECEIVED_MESSAGES = tag(1);
const RECEIVED = { ackId: tag(1), message: tag(2), deliveryAttempt: tag(3, 0) };
const MESSAGE = { data: tag(1), attributes: tag(2), messageId: tag(3), publishTime: tag(4) };
const ENTRY = { key: tag(1), value: tag(2) };
const TIME = { seconds: tag(1, 0), nanos: tag(2, 0) };

/** Where a received message lies in its response. */
export interface ReceivedMessage {
  readonly response: Buffer;
  /** Of its PubsubMessage. */
  readonly start: number;
  readonly end: number;
  /** Of the message's data. */
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly ackIdStart: number;
  readonly ackIdEnd: number;
  /** How often it was delivered; 0 when nobody counts. */
  readonly attempt: number;
}

/** What a message says beside its data. */
export interface MessageFields {
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageId: string;
  /** To the millisecond, which is what JavaScript keeps. */
  readonly publishedAt: Date;
}

/** Finds the messages of a response; an answer to a ping has none. Throws a RangeError for bytes that end too soon. */
export function receivedMessages(response: Buffer): ReceivedMessage[] {
  const messages: ReceivedMessage[] = [];
  const reader = Reader.create(response);
  while (reader.pos < reader.len) {
    const field = reader.uint32();
    if (field !== RECEIVED_MESSAGES) reader.skipType(field & 7);
    else messages.push(receivedMessage(response, reader));
  }
  return messages;
}

function receivedMessage(response: Buffer, reader: Reader): ReceivedMessage {
  let [start, end, dataStart, dataEnd, ackIdStart, ackIdEnd, attempt] = [0, 0, 0, 0, 0, 0, 0];
  const all = endOf(reader);
  while (reader.pos < all) {
    const field = reader.uint32();
    if (field === RECEIVED.ackId) {
      ackIdEnd = endOf(reader);
      ackIdStart = reader.pos;
      reader.pos = ackIdEnd;
    } else if (field === RECEIVED.message) {
      end = endOf(reader);
      start = reader.pos;
      while (reader.pos < end) {
        const inner = reader.uint32();
        if (inner === MESSAGE.data) {
          dataEnd = endOf(reader);
          dataStart = reader.pos;
          reader.pos = dataEnd;
        } else reader.skipType(inner & 7);
      }
    } else if (field === RECEIVED.deliveryAttempt) attempt = reader.int32();
    else reader.skipType(field & 7);
  }
  return { response, start, end, dataStart, dataEnd, ackIdStart, ackIdEnd, attempt };
}

/** Where what follows, with its length before it, ends; the reader stands at its beginning then. */
function endOf(reader: Reader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError(`a field of ${length} bytes ends behind its message`);
  return end;
}

/** Reads a message's attributes, id and time. */
export function messageFields({ response, start, end }: ReceivedMessage): MessageFields {
  const reader = Reader.create(response);
  reader.pos = start;
  const attributes: Record<string, string> = {};
  let [messageId, milliseconds] = ["", 0];
  while (reader.pos < end) {
    const field = reader.uint32();
    if (field === MESSAGE.attributes) readAttribute(reader, attributes);
    else if (field === MESSAGE.messageId) messageId = reader.string();
    else if (field === MESSAGE.publishTime) milliseconds = readTime(reader);
    else reader.skipType(field & 7);
  }
  return { attributes, messageId, publishedAt: new Date(milliseconds) };
}

function readAttribute(reader: Reader, attributes: Record<string, string>): void {
  const end = endOf(reader);
  let [name, value] = ["", ""];
  while (reader.pos < end) {
    const field = reader.uint32();
    if (field === ENTRY.key) name = reader.string();
    else if (field === ENTRY.value) value = reader.string();
    else reader.skipType(field & 7);
  }
  // An assignment would set the prototype.
  if (name === "__proto__")
    Object.defineProperty(attributes, name, { value, enumerable: true, configurable: true, writable: true });
  else attributes[name] = value;
}

/** Milliseconds since 1970. */
function readTime(reader: Reader): number {
  const end = endOf(reader);
  let [seconds, nanos] = [0, 0];
  while (reader.pos < end) {
    const field = reader.uint32();
    if (field === TIME.seconds) seconds = toNumber(reader.int64());
    else if (field === TIME.nanos) nanos = reader.int32();
    else reader.skipType(field & 7);
  }
  return seconds * 1_000 + Math.floor(nanos / 1_000_000);
}

/** protobufjs gives a Long where that library is there. */
function toNumber(value: ReturnType<Reader["int64"]>): number {
  return typeof value === "number" ? value : value.high * 2 ** 32 + (value.low >>> 0);
}
