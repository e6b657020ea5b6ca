import type { Delivery } from "./delivery.ts";
import { BYTES, encodeField, varintSize, writeVarint } from "./wire.ts";

/** What of a subscription stands in its responses. */
export interface Shown {
  ackIdOf(delivery: Delivery): string;
  readonly rules: { readonly exactlyOnce: boolean; readonly ordered: boolean; readonly deadLetter: unknown };
}

/** ReceivedMessages as the repeated field 1, which PullResponse and StreamingPullResponse share. */
export function encodeReceived(shown: Shown, deliveries: readonly Delivery[]): Buffer {
  const counted = shown.rules.deadLetter !== undefined;
  const ackIds = deliveries.map((delivery) => shown.ackIdOf(delivery));
  const sizes = deliveries.map(({ message, failures }, index) => {
    const length = message.end - message.start;
    const ackId = 2 + (ackIds[index] as string).length;
    return ackId + 1 + varintSize(length) + length + (counted ? 1 + varintSize(failures + 1) : 0);
  });
  const total = sizes.reduce((sum, size) => sum + 1 + varintSize(size) + size, 0);
  const bytes = Buffer.allocUnsafeSlow(total);
  let at = 0;
  deliveries.forEach(({ message, failures }, index) => {
    const ackId = ackIds[index] as string;
    bytes[at++] = 8 + BYTES;
    at = writeVarint(bytes, sizes[index] as number, at);
    bytes[at++] = 8 + BYTES;
    bytes[at++] = ackId.length;
    at += bytes.write(ackId, at, "latin1");
    bytes[at++] = 2 * 8 + BYTES;
    at = writeVarint(bytes, message.end - message.start, at);
    at += message.block.bytes.copy(bytes, at, message.start, message.end);
    if (counted) {
      bytes[at++] = 3 * 8;
      at = writeVarint(bytes, failures + 1, at);
    }
  });
  return bytes;
}

/** A StreamingPullResponse's subscription_properties, to be put behind its messages. */
export function encodeProperties({ rules }: Shown): Buffer {
  const exactlyOnce = rules.exactlyOnce ? [8, 1] : [];
  const ordered = rules.ordered ? [16, 1] : [];
  return encodeField(4, Buffer.from([...exactlyOnce, ...ordered]));
}

/** An AcknowledgeConfirmation (field 5) or a ModifyAckDeadlineConfirmation (field 3): ack ids by the number of their list there. */
export function encodeConfirmation(field: 3 | 5, lists: ReadonlyMap<number, readonly string[]>): Buffer {
  const parts = [...lists].flatMap(([list, ids]) => ids.map((id) => encodeField(list, id)));
  return encodeField(field, Buffer.concat(parts));
}
