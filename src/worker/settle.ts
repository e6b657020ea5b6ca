import type { Settlement } from "../apply/outcome.ts";
import { plainData } from "../messages/avro-decode.ts";
import type { Rejection } from "../messages/rejection.ts";
import type { Delivery, Publisher } from "../pubsub/port.ts";
import type { Held } from "./waiting.ts";

/** What settling needs to know of the world. */
export interface SettleOptions {
  /** Where rejected updates are also published, before they are acknowledged. */
  readonly deadLetters: Publisher | undefined;
  /** Hears of a rejected update that could not be published; it is given back and comes again. */
  readonly unpublished: (error: unknown) => void;
}

/** Settles what a commit has decided: the one place that acknowledges. */
export function settle(held: Held, settlement: Settlement, options: SettleOptions): void {
  switch (settlement.outcome) {
    case "applied":
    case "unchanged":
    case "stale":
    case "duplicate":
      held.delivery.ack();
      return;
    case "rejected":
      if (options.deadLetters === undefined) held.delivery.ack();
      else void publishThenAck(held, settlement.rejection, options.deadLetters, options.unpublished);
      return;
    default:
      settlement satisfies never;
  }
}

/** Gives a delivery back unsettled: the broker will deliver it again. */
export function giveBack({ delivery }: Held): void {
  delivery.nack();
}

/** Never rejects. */
async function publishThenAck(
  { delivery, decoded }: Held,
  rejection: Rejection,
  deadLetters: Publisher,
  unpublished: SettleOptions["unpublished"],
): Promise<void> {
  try {
    const attributes = { ...ownAttributes(delivery), ...rejectionAttributes(decoded.key, rejection) };
    // As plain JSON: without the broker's attributes nothing says there that it is Avro.
    await deadLetters.publish(plainData(delivery.data, delivery.attributes), attributes);
    delivery.ack();
  } catch (error) {
    unpublished(error);
    delivery.nack();
  }
}

/** A Pub/Sub attribute holds 1,024 bytes at the most, a message 100 of them (Google Cloud, "Pub/Sub quotas and limits"). */
const LONGEST_ATTRIBUTE = 1_024;
const MOST_ATTRIBUTES = 100 - 10;

/** The publisher's attributes: those that begin with `goog` are the broker's, which takes no such ones. */
function ownAttributes({ attributes }: Delivery): Record<string, string> {
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith("goog"));
  return Object.fromEntries(own.slice(0, MOST_ATTRIBUTES));
}

function rejectionAttributes(key: string, rejection: Rejection): Record<string, string> {
  const attributes: Record<string, string> = { "idempotency-key": key };
  for (const [name, value] of Object.entries(rejection)) {
    attributes[`rowpost-rejection-${name}`] = cut(String(value));
  }
  return attributes;
}

function cut(text: string): string {
  let short = text;
  while (Buffer.byteLength(short) > LONGEST_ATTRIBUTE) {
    short = short.slice(0, Math.min(short.length - 1, LONGEST_ATTRIBUTE - 1)).replace(/[\uD800-\uDBFF]$/, "");
  }
  return short;
}
