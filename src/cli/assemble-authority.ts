import { readFileSync } from "node:fs";
import { parseDocument } from "yaml";
import type { Config } from "../config.ts";
import { type Authority, createAuthority } from "../messages/authority.ts";
import type { Policy } from "../messages/policy.ts";
import { createSigner, type Signer } from "../messages/principal.ts";
import { readPolicy } from "../messages/read-policy.ts";
import type { Registry } from "../tables/definition.ts";
import { CliError } from "./context.ts";

/** What a worker enforces, by configuration; undefined: nothing. Throws a {@link CliError} with every fault of the policy. */
export function authorityOf(config: Config, registry: Registry): Authority | undefined {
  return createAuthority({ policy: policyOf(config, registry), signer: signerOf(config) });
}

/** The signer of the configured keys. */
export function signerOf({ access: { signingKeys } }: Config): Signer | undefined {
  return signingKeys && createSigner(signingKeys);
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
