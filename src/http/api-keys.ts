import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { type Principal, principalOf } from "../messages/principal.ts";

/** A key's SHA-256 and whose key it is. The keys have 256 random bits, so a plain hash cannot be turned back. */
export interface ApiKey {
  readonly principal: Principal;
  readonly sha256: Buffer;
}

/** The keys of a file, or each faulty line with its number. */
export type ApiKeys =
  | { readonly keys: readonly ApiKey[]; readonly faults?: undefined }
  | { readonly keys?: undefined; readonly faults: readonly string[] };

/**
 * Reads lines of `name: sha256:<hex>`. A name may have several keys, so that they can be replaced without a pause; empty lines
 * and those that begin with `#` are passed over. A fault never repeats the line: it may be a key that was pasted by mistake.
 */
export function readApiKeys(text: string): ApiKeys {
  const keys: ApiKey[] = [];
  const faults: string[] = [];
  const seen = new Map<string, number>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name = "", hex = ""] = /^(.*?)\s*:\s*sha256:([0-9a-f]{64})\s*$/i.exec(line) ?? [];
    const principal = principalOf(name.trimStart());
    const earlier = seen.get(hex.toLowerCase());
    if (principal === undefined)
      faults.push(`line ${at + 1}: it is not "name: sha256:" and 64 hexadecimal digits`);
    else if (earlier !== undefined) faults.push(`line ${at + 1}: it has the key of line ${earlier}`);
    else keys.push({ principal, sha256: Buffer.from(hex, "hex") });
    if (hex !== "") seen.set(hex.toLowerCase(), at + 1);
  }
  return faults.length > 0 ? { faults } : { keys };
}

/** Whose key this is. All keys are compared, each in the same time, so the time tells nothing of any. */
export function ownerOf(key: string, keys: readonly ApiKey[]): Principal | undefined {
  const sha256 = Buffer.from(hash("sha256", key), "hex");
  let owner: Principal | undefined;
  for (const one of keys) {
    if (timingSafeEqual(one.sha256, sha256)) owner = one.principal;
  }
  return owner;
}

/** A new key for the principal, and its line for the file. */
export function newApiKey({ name }: Principal): { readonly key: string; readonly line: string } {
  const key = `rowpost_${randomBytes(32).toString("base64url")}`;
  return { key, line: `${name}: sha256:${hash("sha256", key)}` };
}
