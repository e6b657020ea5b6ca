import type { Config } from "../config.ts";
import { createAuthority } from "../messages/authority.ts";
import { createDecoder, type Decode } from "../messages/decode.ts";
import type { Secrets } from "../secrets/open-secrets.ts";
import type { Registry } from "../tables/definition.ts";
import type { Reason } from "../worker/gate.ts";
import { policyOf, signerOf } from "./assemble-authority.ts";
import { CliError } from "./context.ts";

/** A worker's decoder, which knows its signing keys as soon as they could be had. */
export interface LateDecoder {
  /** Not to be called before `obstacle` has told of none. */
  readonly decode: Decode;
  /** Reads the keys when that has not been done; why they cannot be had, or are none. */
  obstacle(): Promise<Reason | undefined>;
}

/** Throws a {@link CliError} with every fault of the policy. */
export function lateDecoder(config: Config, registry: Registry, secrets: Secrets): LateDecoder {
  const policy = policyOf(config, registry);
  let decode: Decode | undefined;
  return {
    decode: (message) => {
      if (decode === undefined) throw new Error("a message came before the worker had its signing keys");
      return decode(message);
    },
    async obstacle() {
      try {
        const signer = decode === undefined ? await signerOf(config, secrets) : undefined;
        decode ??= createDecoder(registry, config.limits, createAuthority({ policy, signer }));
        return undefined;
      } catch (error) {
        if (error instanceof CliError) return { code: "secrets", message: error.message };
        throw error;
      }
    },
  };
}
