import fc from "fast-check";
import type { Decode } from "../../../src/messages/decode.ts";
import { IDEMPOTENCY_KEY_ATTRIBUTE, idempotencyKey } from "../../../src/messages/idempotency-key.ts";
import type { RejectionCode } from "../../../src/messages/rejection.ts";
import type { Message } from "../../../src/messages/update.ts";
import type { Registry } from "../../../src/tables/definition.ts";
import { anyAttributes } from "./attributes.ts";
import { anyTree } from "./column-values.ts";
import { printTree } from "./json-tree.ts";
import { mutatedText } from "./mutations.ts";
import { validUpdate } from "./table-updates.ts";

/** A message that no worker can take, and what decoding says of it. */
export interface BadMessage extends Pick<Message, "data" | "attributes"> {
  readonly code: RejectionCode;
}

const AT_ONCE = 500;

/** Bad messages without end, the same ones for the same seed; each under a key of its own, or under one that is none. */
export function* badMessages(
  registry: Registry,
  decode: Decode,
  seed: number,
): Generator<BadMessage, never, void> {
  const update = validUpdate(registry);
  const data = fc.oneof(
    { weight: 6, arbitrary: mutatedText(update) },
    { weight: 1, arbitrary: anyTree().map((tree) => Buffer.from(printTree(tree))) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2_000 }).map((some) => Buffer.from(some)) },
  );
  const message = fc.tuple(data, fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, anyAttributes()));
  let made = 0;
  for (let from = seed; ; from += 1) {
    for (const [bytes, some] of fc.sample(message, { seed: from, numRuns: AT_ONCE })) {
      const attributes = sendable(some, `bad-${made}`);
      const { rejection } = decode({ data: bytes, attributes, messageId: "1", publishedAt: new Date(0) });
      if (rejection === undefined) continue;
      made += 1;
      yield { data: bytes, attributes, code: rejection.code };
    }
  }
}

/** What a broker takes: its own names are refused, and texts are Unicode. */
function sendable(some: Message["attributes"], key: string): Message["attributes"] {
  const kept = Object.entries(some)
    .filter(([name]) => !name.startsWith("goog") && name !== "__proto__")
    .map(([name, value]) => [name, value.toWellFormed()] as const);
  const attributes = Object.fromEntries(kept);
  const own = attributes[IDEMPOTENCY_KEY_ATTRIBUTE];
  const named = own !== undefined && idempotencyKey(own) === undefined;
  return named ? attributes : { ...attributes, [IDEMPOTENCY_KEY_ATTRIBUTE]: key };
}
