import { accessToken } from "./access-token.ts";
import { askedSecret } from "./asked-secret.ts";
import { fileSecret } from "./file-secret.ts";
import { type Secret, type SecretSource, unavailable } from "./secret.ts";
import { openSecretManager, type SecretManager } from "./secret-manager.ts";

export interface SecretsOptions {
  /** Of the Secret Manager API, as a URL; undefined: Google's own. */
  readonly endpoint: string | undefined;
}

/** Makes secrets of their sources. Nothing is read before a secret's `read` is called; `variable` is named in its errors. */
export interface Secrets {
  of(variable: string, source: SecretSource): Secret;
  /** An OAuth 2.0 access token of Google's application default credentials; a new one before it expires. */
  accessToken(variable: string): Secret;
}

/** One of these a process is enough: its secrets share a client. */
export function openSecrets({ endpoint }: SecretsOptions): Secrets {
  const manager = openSecretManager(endpoint);
  return {
    of: (variable, source) => secretOf(variable, source, manager),
    accessToken: (variable) => accessToken(variable),
  };
}

function secretOf(variable: string, source: SecretSource, manager: SecretManager): Secret {
  switch (source.kind) {
    case "text":
      return { read: async () => source.text, refused() {} };
    case "file":
      return fileSecret(variable, source.path);
    case "gcp-secret":
      return askedSecret(() => readVersion(variable, source.version, manager));
    default:
      return source satisfies never;
  }
}

async function readVersion(variable: string, version: string, manager: SecretManager): Promise<string> {
  const content = await manager.access(version);
  if ("text" in content) return content.text;
  throw unavailable(`${variable}: the secret ${version} ${content.fault}`);
}
