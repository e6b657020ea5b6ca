import type { SecretManagerServiceClient } from "@google-cloud/secret-manager";
import { crc32c } from "./crc32c.ts";
import { ASKING_MS, inTime, openCredentials } from "./google-credentials.ts";
import { type SecretText, secretText } from "./secret-text.ts";
import { whyNotAccessed } from "./secret-manager-trouble.ts";

/** Google's Secret Manager, as far as it is needed. */
export interface SecretManager {
  /**
   * The text of `projects/P/secrets/S/versions/V`, or of `projects/P/locations/L/secrets/…`; or what is wrong with it, as a
   * phrase that follows its name. Each call is one request. Takes 10 s at the most.
   */
  access(version: string): Promise<SecretText>;
}

/** Which credentials to ask for; IAM says what they may do. Google's page "Authenticate to Secret Manager". */
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** Nothing is loaded or asked before the first `access`. `endpoint` is a URL; undefined: Google's own. */
export function openSecretManager(endpoint: string | undefined): SecretManager {
  const clients = new Map<string, Promise<SecretManagerServiceClient>>();
  return {
    async access(version) {
      const address = endpoint ?? endpointOf(version);
      try {
        const opening = clients.get(address) ?? openClient(address);
        clients.set(address, opening);
        return await inTime(opening.then((client) => payloadOf(client, version)));
      } catch (error) {
        // The next attempt begins anew, with whatever credentials there are then.
        clients.delete(address);
        return { fault: whyNotAccessed(error) };
      }
    },
  };
}

/** A regional secret lives behind its region's address. Google's page "Regional secrets": "API endpoints". */
function endpointOf(version: string): string {
  const location = /\/locations\/([^/]+)\//.exec(version)?.[1];
  return location === undefined
    ? "https://secretmanager.googleapis.com"
    : `https://secretmanager.${location}.rep.googleapis.com`;
}

/** By REST: gRPC keeps a connection open, which one request a rotation is not worth. */
async function openClient(address: string): Promise<SecretManagerServiceClient> {
  const { SecretManagerServiceClient } = await import("@google-cloud/secret-manager");
  const { protocol, hostname, port } = new URL(address);
  const options = {
    fallback: true,
    apiEndpoint: hostname,
    port: Number(port) || (protocol === "http:" ? 80 : 443),
    protocol: protocol.slice(0, -1),
    authClient: await openCredentials(SCOPE),
  };
  const client = new SecretManagerServiceClient(options);
  // Its calls begin with this and do not catch what it throws.
  await client.initialize();
  return client;
}

async function payloadOf(client: SecretManagerServiceClient, name: string): Promise<SecretText> {
  const [answer] = await client.accessSecretVersion({ name }, { timeout: ASKING_MS, retry: null });
  const { data, dataCrc32c } = answer.payload ?? {};
  if (!data) return { fault: "is empty" };
  const bytes = typeof data === "string" ? Buffer.from(data, "base64") : data;
  // The client does not compare it.
  if (dataCrc32c != null && BigInt(String(dataCrc32c)) !== BigInt(crc32c(bytes)))
    return { fault: "came damaged: it has another checksum than it was stored with" };
  return secretText(bytes);
}
