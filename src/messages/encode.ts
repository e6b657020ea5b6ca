import { canonicalJson } from "../tables/canonical-json.ts";
import type { Registry } from "../tables/definition.ts";
import type { UpdateLimits } from "./decode.ts";
import { createDecoder } from "./decode.ts";
import { isMessageKey } from "./choose-key.ts";
import { IDEMPOTENCY_KEY_ATTRIBUTE, newIdempotencyKey } from "./idempotency-key.ts";
import type { JsonValue } from "./json-value.ts";
import type { Rejection } from "./rejection.ts";
import type { Fingerprint, IdempotencyKey, Update } from "./update.ts";

/** An update ready to be published: `data` and `attributes` are those of the Pub/Sub message. */
export interface Publishable {
  readonly data: Buffer;
  readonly attributes: Readonly<Record<string, string>>;
  readonly key: IdempotencyKey;
  readonly fingerprint: Fingerprint;
  readonly update: Update;
}

/**
 * What can be published, or the rejection that a worker with the same definitions and limits would give it, and the first
 * of its faults one by one.
 */
export type Encoded =
  | { readonly message: Publishable; readonly rejection?: undefined }
  | { readonly message?: undefined; readonly rejection: Rejection; readonly each: readonly Rejection[] };

/**
 * From an update, as `parseJson` gives it, and its idempotency key. Without a key, a CloudEvent in structured mode keeps
 * the name that its source and id make; any other update gets a new key (UUIDv7), so that encoding it twice makes two
 * updates. The data is canonical JSON: every digit of a number is kept. Never throws.
 */
export type Encode = (update: JsonValue, key?: string) => Encoded;

/** Makes the encoder for these tables and limits. */
export function createEncoder(registry: Registry, limits: UpdateLimits): Encode {
  const decode = createDecoder(registry, limits);
  return (update, key) => {
    const data = Buffer.from(canonicalJson(update));
    const given = key === undefined ? {} : { [IDEMPOTENCY_KEY_ATTRIBUTE]: key };
    const decoded = decode({ data, attributes: given, messageId: "", publishedAt: new Date(0) });
    if (decoded.rejection !== undefined) {
      return { rejection: decoded.rejection, each: decoded.each ?? [decoded.rejection] };
    }
    const named = key !== undefined || !isMessageKey(decoded.key);
    const chosen = named ? decoded.key : newIdempotencyKey();
    const { fingerprint, update: checked } = decoded;
    const attributes = { [IDEMPOTENCY_KEY_ATTRIBUTE]: chosen };
    return { message: { data, attributes, key: chosen, fingerprint, update: checked } };
  };
}
