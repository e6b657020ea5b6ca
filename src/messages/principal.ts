import { createHmac, timingSafeEqual } from "node:crypto";
import type { Fingerprint } from "./update.ts";

/** Who publishes or asks, as its authentication named it. */
export interface Principal {
  /** 1 to 255 printable ASCII characters, no space at either end. */
  readonly name: string;
}

/** The principal of a sidecar that asks nobody (`AUTH=none`). */
export const ANYBODY: Principal = Object.freeze({ name: "anybody" });

/** The attribute that names who asked for an update over HTTP. */
export const PRINCIPAL_ATTRIBUTE = "rowpost-principal";

/** The attribute by which the worker knows that the principal is that of this very update. */
export const SIGNATURE_ATTRIBUTE = "rowpost-signature";

const NAME = /^[!-~](?:[ -~]{0,253}[!-~])?$/;

/** `text` as a principal; undefined when it is no name. Nothing is trimmed or folded. */
export function principalOf(text: string): Principal | undefined {
  return NAME.test(text) ? { name: text } : undefined;
}

/** What a signature covers. Key and fingerprint are those of the decoded update, so that any encoding of it has the same. */
export interface Signed {
  readonly principal: string;
  readonly key: string;
  readonly fingerprint: Fingerprint;
}

/** Signs principals and knows its own signatures. */
export interface Signer {
  /** HMAC-SHA256 in base64url: 43 characters. */
  sign(signed: Signed): string;
  /** Whether one of the keys has signed just this; takes the same time for every wrong signature. */
  verify(signature: string, signed: Signed): boolean;
}

/** A signer by shared keys: the first signs, all verify, so that keys can be replaced one process after the other. */
export function createSigner(keys: readonly [string, ...string[]]): Signer {
  return {
    sign: (signed) => mac(keys[0], signed),
    verify: (signature, signed) => {
      const given = Buffer.from(signature);
      let known = false;
      for (const key of keys) {
        const expected = Buffer.from(mac(key, signed));
        // No early end: which key it was is not told by the time either.
        if (given.length === expected.length && timingSafeEqual(given, expected)) known = true;
      }
      return known;
    },
  };
}

/** The parts are joined as a JSON list, where none can reach into the next; the tag keeps other uses of the keys apart. */
function mac(secret: string, { principal, key, fingerprint }: Signed): string {
  const text = JSON.stringify([VERSION_TAG, principal, key, fingerprint]);
  return createHmac("sha256", secret).update(text).digest("base64url");
}

const VERSION_TAG = "rowpost-principal-1";
