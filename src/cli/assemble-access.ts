import type { Config } from "../config.ts";
import { type Access, OPEN_ACCESS } from "../http/access.ts";
import { apiKeyAuthentication } from "../http/auth-api-key.ts";
import { openAuthentication } from "../http/auth-none.ts";
import { oidcAuthentication } from "../http/auth-oidc.ts";
import { createAccess } from "../http/create-access.ts";
import type { Authenticate } from "../http/credentials.ts";
import type { Registry } from "../tables/definition.ts";
import type { Log } from "../telemetry/log.ts";
import type { Signer } from "../messages/principal.ts";
import { policyOf } from "./assemble-authority.ts";
import { CliError } from "./context.ts";

/** Who may do what on the sidecar, by configuration and the signer of its keys. Rejects with a {@link CliError} that tells every fault of its files. */
export async function assembleAccess(
  config: Config,
  registry: Registry,
  log: Log,
  signer: Signer | undefined,
): Promise<Access> {
  const policy = policyOf(config, registry);
  const authenticate = await authenticationOf(config, log);
  const open = config.access.auth.kind === "none" && policy === undefined && signer === undefined;
  return open ? { ...OPEN_ACCESS, authenticate } : createAccess({ authenticate, policy, signer });
}

async function authenticationOf({ access: { auth }, http }: Config, log: Log): Promise<Authenticate> {
  switch (auth.kind) {
    case "none":
      return openAuthentication({ localOnly: auth.localOnly, origins: http.corsOrigins });
    case "api-key":
      return apiKeyAuthentication(auth.file, log).catch((cause: unknown) => {
        throw new CliError((cause as Error).message, 2, { cause });
      });
    case "oidc":
      return oidcAuthentication(auth);
    default:
      return auth satisfies never;
  }
}
