import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import { type Config, SIGNING_KEYS_RULE, signingKeysOf } from "../config.ts";
import { type Authority, createAuthority } from "../messages/authority.ts";
import type { Policy } from "../messages/policy.ts";
import { createSigner, type Signer } from "../messages/principal.ts";
import { readPolicy } from "../messages/read-policy.ts";
import type { Registry } from "../tables/definition.ts";
import type { Secrets } from "../secrets/open-secrets.ts";
import { CliError, secretsOf, variableOf } from "./context.ts";

/** What a worker enforces, by configuration; undefined: nothing. Throws a {@link CliError} with every fault of the policy. */
export function authorityOf(
  config: Config,
  registry: Registry,
  signer: Signer | undefined,
): Authority | undefined {
  return createAuthority({ policy: policyOf(config, registry), signer });
}

/**
 * The signer of the configured keys, which are read now and not again: processes take a new key one after the other. Rejects
 * with a {@link CliError}: 1 when they cannot be had, 2 when they are no keys. It never holds one.
 */
export async function signerOf(
  config: Config,
  secrets: Secrets = secretsOf(config),
): Promise<Signer | undefined> {
  const source = config.access.signingKeys;
  if (source === undefined) return undefined;
  const variable = variableOf("PUBLISHER_SIGNING_KEY", source);
  const text = await secrets
    .of(variable, source)
    .read()
    .catch((error: Error) => {
      throw new CliError(error.message, 1, { cause: error });
    });
  const keys = signingKeysOf(text);
  if (keys === undefined) throw new CliError(`${variable}: what it leads to ${SIGNING_KEYS_RULE}`, 2);
  return createSigner(keys);
}

/** The policy of the configured file, which is YAML or JSON; undefined without one. Throws a {@link CliError} with every fault. */
export function policyOf({ access: { policyFile } }: Config, registry: Registry): Policy | undefined {
  if (policyFile === undefined) return undefined;
  const document = parseDocument(contentOf(policyFile), { prettyErrors: true });
  const errors = document.errors.map(({ message }) => message.trimEnd());
  if (errors.length > 0) throw faulty(policyFile, errors);
  const { policy, faults } = readPolicy(document.toJS(), registry);
  if (policy === undefined) throw faulty(policyFile, faults);
  return policy;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw faulty(file, [`it cannot be read: ${(cause as Error).message}`], cause);
  }
}

function faulty(file: string, faults: readonly string[], cause?: unknown): CliError {
  const lines = faults.map((fault) => `\n  ${fault}`).join("");
  return new CliError(`POLICY_FILE: ${file} cannot be used:${lines}`, 2, { cause });
}
