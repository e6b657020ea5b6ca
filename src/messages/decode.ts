import type { Registry } from "../tables/definition.ts";
import type { Authority } from "./authority.ts";
import { checkUpdate } from "./check-update.ts";
import { fingerprintOf, fingerprintOfBytes } from "./fingerprint.ts";
import { chooseKey } from "./choose-key.ts";
import { openMessage } from "./open-message.ts";
import type { JsonLimits } from "./parse-json.ts";
import type { Decoded, Message } from "./update.ts";

/** What one update may have at the most: changes, bytes of data, levels of nested JSON. */
export interface UpdateLimits extends JsonLimits {
  readonly changes: number;
}

/** From a message to its update, or to its rejection; always with a key and a fingerprint. Pure; never throws. */
export type Decode = (message: Message) => Decoded;

/** Makes the decoder for these tables and limits. With an authority, a well-formed update that it refuses is `forbidden`. */
export function createDecoder(registry: Registry, limits: UpdateLimits, authority?: Authority): Decode {
  return (message) => {
    const opened = openMessage(message, limits);
    const { key, rejection: badKey } = chooseKey(message, opened.event);
    if (opened.bytes !== undefined) {
      return { message, key, fingerprint: fingerprintOfBytes(opened.bytes), rejection: opened.fault };
    }
    const fingerprint = fingerprintOf(opened.update);
    const rejection = opened.fault ?? badKey;
    if (rejection !== undefined) {
      return { message, key, fingerprint, rejection };
    }
    const checked = checkUpdate(opened.update, opened.pointer, registry, limits.changes);
    if (checked.rejection !== undefined) {
      return { message, key, fingerprint, rejection: checked.rejection, each: checked.each };
    }
    const forbidden = authority?.refusal(checked.update, { message, key, fingerprint });
    return forbidden === undefined
      ? { message, key, fingerprint, update: checked.update }
      : { message, key, fingerprint, rejection: forbidden };
  };
}
