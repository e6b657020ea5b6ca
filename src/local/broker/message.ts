import type { Slab } from "./slab.ts";
import { BYTES, varintSize, WireReader, writeVarint } from "./wire.ts";

/** The messages of one Publish call, encoded as they are delivered, one behind the other. */
export interface Block {
  readonly bytes: Buffer;
  /** When they were published, in milliseconds since 1970. */
  readonly publishedAt: number;
}

/** One published message: where its bytes are. All subscriptions share it. */
export interface Message {
  readonly block: Block;
  readonly start: number;
  readonly end: number;
  /** In the order of publishing, over the whole broker. */
  readonly sequence: number;
  /** The ordering key; empty: none. */
  readonly key: string;
}

/** A message as it was sent to be published, in the bytes of its request. */
export interface SentMessage {
  readonly start: number;
  readonly end: number;
  readonly dataStart: number;
  readonly dataEnd: number;
  readonly key: string;
}

/** When and as what messages are published. */
export interface Publication {
  readonly slab: Slab;
  readonly publishedAt: number;
  /** The id of the message with sequence 0. */
  readonly idBase: number;
  readonly firstSequence: number;
  /** Further fields of all of these messages, encoded: attributes that the broker adds. */
  readonly added?: Buffer;
}

const NOTHING = Buffer.alloc(0);

/** Gives messages their ids and their time. What the request says of these is overruled, by coming first on the wire. */
export function encodeBlock(
  request: Buffer,
  sent: readonly SentMessage[],
  { slab, publishedAt, idBase, firstSequence, added = NOTHING }: Publication,
): Message[] {
  const time = encodeTime(publishedAt);
  const idSize = String(idBase + firstSequence + sent.length).length;
  const ownSize = 2 + idSize + time.length + added.length;
  const most = sent.reduce((sum, { start, end }) => sum + end - start + ownSize, 0);
  const { bytes, start: from } = slab.take(most);
  const block = { bytes, publishedAt };
  let at = from;
  return sent.map(({ start, end, key }, index) => {
    const sequence = firstSequence + index;
    const first = at;
    at += request.copy(bytes, at, start, end);
    at += added.copy(bytes, at);
    const id = String(idBase + sequence);
    bytes[at++] = 3 * 8 + BYTES;
    bytes[at++] = id.length;
    at += bytes.write(id, at, "latin1");
    at += time.copy(bytes, at);
    return { block, start: first, end: at, sequence, key };
  });
}

/** The field publish_time with a google.protobuf.Timestamp; nanos are written also when 0, to overrule the request's. */
function encodeTime(ms: number): Buffer {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1000) * 1000;
  const size = 2 + varintSize(seconds) + varintSize(nanos);
  const bytes = Buffer.alloc(2 + size);
  bytes[0] = 4 * 8 + BYTES;
  bytes[1] = size;
  bytes[2] = 8;
  const at = writeVarint(bytes, seconds, 3);
  bytes[at] = 2 * 8;
  writeVarint(bytes, nanos, at + 1);
  return bytes;
}

/** The attributes of an encoded message. */
export function attributesOf(bytes: Buffer, start: number, end: number): Map<string, string> {
  const attributes = new Map<string, string>();
  const reader = new WireReader(bytes, start, end);
  while (reader.next()) {
    if (reader.field === 2) {
      const { key, value } = readEntry(reader);
      attributes.set(key, value);
    }
  }
  return attributes;
}

/** The entry of a map from text to text to which the reader has come. */
export function readEntry(reader: WireReader): { readonly key: string; readonly value: string } {
  const entry = new WireReader(reader.bytes, reader.start, reader.end);
  let key = "";
  let value = "";
  while (entry.next()) {
    if (entry.field === 1) key = entry.text();
    else if (entry.field === 2) value = entry.text();
  }
  return { key, value };
}
