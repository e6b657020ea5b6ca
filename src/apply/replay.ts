import { hash } from "node:crypto";
import { plainData } from "../messages/avro-decode.ts";
import { signAnew } from "../messages/authority.ts";
import type { Decode } from "../messages/decode.ts";
import { IDEMPOTENCY_KEY_ATTRIBUTE } from "../messages/idempotency-key.ts";
import type { Signer } from "../messages/principal.ts";
import type { Decoded, Message } from "../messages/update.ts";
import type { DeadLetterRecord } from "../store/dead-letter-read.ts";
import { REPLAY_ATTRIBUTE } from "./dead-letters.ts";

/** A dead letter's message as it is to be published again, with what it decodes to; or one sentence why it must not be. */
export type Replay =
  | {
      readonly key: string;
      /** That of the dead letter, or the plain JSON that its Avro stands for. */
      readonly data: Buffer;
      readonly attributes: Readonly<Record<string, string>>;
      readonly decoded: Decoded;
      readonly refusal?: undefined;
    }
  | { readonly refusal: string; readonly key?: undefined };

export interface ReplayRules {
  readonly decode: Decode;
  /** The age up to which the receipt of an earlier try is surely kept. */
  readonly maxAgeHours: number;
  readonly now: Date;
  /** What cannot be replayed under its own key gets another: always the same one for the same dead letter. */
  readonly newKey: boolean;
  /** How that is asked for, to be told to who has not: "add --new-key". */
  readonly newKeyBy: string;
  /** Signs principals for another key; undefined: there is no signing key here. */
  readonly signer?: Signer | undefined;
}

/** Attributes that the broker gives: those of a forwarded message, those of its clients and schemas. It gives them anew. */
const BROKERS_OWN = /^(?:CloudPubSubDeadLetter|goog)/;
const SOURCE_PUBLISH_TIME = "CloudPubSubDeadLetterSourceTopicPublishTime";
const HOUR_MS = 3_600_000;

/**
 * How a dead letter is replayed: with its data and attributes, its key set explicitly, and {@link REPLAY_ATTRIBUTE}. Pure.
 * `keyTaken` says that its own key has settled another update meanwhile. Under its own key the principal's signature stays
 * valid; under another one it is made anew.
 *
 * No replay can apply twice: its key is the one under which it may have been applied before, and the receipt of that is still
 * kept. Where one of the two is not certain, the replay is refused.
 */
export function planReplay(kept: DeadLetterRecord, rules: ReplayRules, keyTaken = false): Replay {
  const { replayOutcome } = kept;
  // Without the broker's attributes nothing says any more that it is Avro, and the topic may want it otherwise by now.
  const letter = { ...kept, data: plainData(kept.data, kept.attributes) };
  if (replayOutcome !== null && replayOutcome !== "rejected") {
    return { refusal: `nothing to do: its last replay has been settled (${replayOutcome})` };
  }
  const age = (rules.now.getTime() - oldestTry(letter)) / HOUR_MS;
  if (age > rules.maxAgeHours) return { refusal: tooOld(age, rules.maxAgeHours) };
  const attributes = Object.fromEntries(
    Object.entries(letter.attributes).filter(
      ([name]) => !BROKERS_OWN.test(name) && name !== REPLAY_ATTRIBUTE,
    ),
  );
  const { key, fault } = keyTaken ? { key: "", fault: TAKEN } : ownKey(letter, attributes, rules.decode);
  if (fault !== undefined && !rules.newKey) return { refusal: `${fault}: ${rules.newKeyBy} ${NEW_KEY}` };
  const used = fault === undefined ? key : otherKey(letter);
  const signed =
    fault === undefined
      ? { attributes }
      : signAnew(rules.signer, rules.decode(messageOf(letter, attributes)), used);
  if (signed.fault !== undefined) return { refusal: signed.fault };
  const complete = {
    ...signed.attributes,
    [IDEMPOTENCY_KEY_ATTRIBUTE]: used,
    [REPLAY_ATTRIBUTE]: letter.id,
  };
  return {
    key: used,
    data: letter.data,
    attributes: complete,
    decoded: rules.decode(messageOf(letter, complete)),
  };
}

/**
 * When an update may first have been applied, in Unix milliseconds. What was rejected had no final receipt when it came; but
 * what the broker gave up may have been applied at any time since it was published.
 */
function oldestTry(letter: DeadLetterRecord): number {
  if (letter.code !== "undeliverable") return Date.parse(letter.firstAt);
  const source = Date.parse(letter.attributes[SOURCE_PUBLISH_TIME] ?? "");
  return Number.isNaN(source) ? Date.parse(letter.publishedAt) : source;
}

/** The key under which this update may have been applied before; or why it has none that can be used again. */
function ownKey(
  letter: DeadLetterRecord,
  attributes: Readonly<Record<string, string>>,
  decode: Decode,
): { readonly key: string; readonly fault?: string } {
  const key = letter.idempotencyKey;
  if (letter.code === "key_reused") return { key, fault: TAKEN };
  if (letter.code === "invalid" && letter.rule === "idempotency_key") return { key, fault: BAD_KEY };
  if (letter.code !== "undeliverable") return { key };
  // Nobody looked into it when it was kept: the key may stand in its data, and the message id is not the first one.
  const named = decode(messageOf(letter, attributes)).key;
  return named.startsWith("message:") && attributes[IDEMPOTENCY_KEY_ATTRIBUTE] !== named
    ? { key, fault: NAMELESS }
    : { key: named };
}

const TAKEN = "its key has settled another update";
const BAD_KEY = "the publisher's key is none, so two copies of it would both be applied";
const NAMELESS =
  "it has no key but the message id, which was another one before the broker gave it up, so it may have been applied already";
const NEW_KEY = "to replay it under another key, if it is to take effect all the same";

function tooOld(hours: number, most: number): string {
  return (
    `it is ${Math.floor(hours)} h old, and REPLAY_MAX_AGE_HOURS is ${most}: the receipt of an earlier try may have been purged, ` +
    "and the update could be applied twice"
  );
}

/** The same for the same update whenever it is asked for, so that a second replay meets the receipt of the first. */
function otherKey({ idempotencyKey, fingerprint }: DeadLetterRecord): string {
  return `replay:sha256:${hash("sha256", `${fingerprint}:${idempotencyKey}`)}`;
}

function messageOf(letter: DeadLetterRecord, attributes: Readonly<Record<string, string>>): Message {
  const { data, messageId, publishedAt } = letter;
  return { data, attributes, messageId, publishedAt: new Date(publishedAt) };
}
