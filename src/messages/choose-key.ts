import { hash } from "node:crypto";
import { IDEMPOTENCY_KEY_ATTRIBUTE, idempotencyKey } from "./idempotency-key.ts";
import { quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import type { IdempotencyKey, Message } from "./update.ts";

const BY_EVENT = "ce:";
const BY_MESSAGE = "message:";

/** Who made an event and which of theirs it is; both together name it (CloudEvents 1.0, `source` and `id`). */
export interface EventName {
  readonly source: string;
  readonly id: string;
}

/** A key, always; with it the rejection when the publisher gave a key that is none. */
export interface KeyChoice {
  readonly key: IdempotencyKey;
  readonly rejection?: Rejection;
}

/**
 * The key of a message: its attribute `idempotency-key`; else `ce:` with source and id of the CloudEvent, from the
 * attributes or else from the structured event; else `message:` with the Pub/Sub message id, which survives a redelivery
 * but not a second publish. The prefixes keep the three apart. A bad attribute is `invalid`, filed under the message id.
 */
export function chooseKey(message: Message, event: EventName | undefined): KeyChoice {
  const written = message.attributes[IDEMPOTENCY_KEY_ATTRIBUTE];
  if (written !== undefined) {
    const key = idempotencyKey(written);
    return key === undefined ? { key: messageKey(message), rejection: badKey(written) } : { key };
  }
  const source = message.attributes["ce-source"];
  const id = message.attributes["ce-id"];
  if (source !== undefined && id !== undefined && source !== "" && id !== "") {
    return { key: eventKey({ source, id }) };
  }
  return { key: event === undefined ? messageKey(message) : eventKey(event) };
}

/** The key was made from a message id: its update has no name of its own. */
export function isMessageKey(key: IdempotencyKey): boolean {
  return key.startsWith(BY_MESSAGE);
}

function messageKey(message: Message): IdempotencyKey {
  return idempotencyKey(BY_MESSAGE + message.messageId) ?? hashedKey(BY_MESSAGE, message.messageId);
}

/** `|` is in no URI reference, so it tells where the source ends; sources and ids that don't fit a key are hashed. */
function eventKey({ source, id }: EventName): IdempotencyKey {
  const plain = source.includes("|") ? undefined : idempotencyKey(`${BY_EVENT}${source}|${id}`);
  return plain ?? hashedKey(BY_EVENT, JSON.stringify([source, id]));
}

function hashedKey(prefix: string, text: string): IdempotencyKey {
  return `${prefix}sha256:${hash("sha256", text, "hex")}` as IdempotencyKey;
}

function badKey(written: string): Rejection {
  const message =
    `The attribute idempotency-key ${quote(written)} must have 1 to 255 printable ASCII characters ` +
    "and no space at either end.";
  return { code: "invalid", rule: "idempotency_key", message };
}
