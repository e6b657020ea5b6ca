import type { CloudSqlAddress } from "./database-options.ts";

type Network = CloudSqlAddress["network"];

/** What the connector, Google's API client, its login or the network throw; nothing of it is certain. */
interface Thrown {
  readonly message?: string;
  readonly code?: unknown;
  /** The status of an answer over HTTP. */
  readonly status?: unknown;
  readonly config?: { readonly url?: URL | string };
  /** The error in the answer of an API of Google's. */
  readonly cause?: { readonly errors?: readonly { readonly reason?: string }[] };
}

/**
 * Why the instance could not be asked for, in one sentence for a person, with the code CLOUD_SQL: never that of the network,
 * as it says nothing of the database itself. `has` are the networks in which the instance has an address, if that is known.
 */
export function adminFault(cause: unknown, address: CloudSqlAddress, has?: readonly Network[]): Error {
  const thrown = (typeof cause === "object" && cause !== null ? cause : { message: String(cause) }) as Thrown;
  const text =
    byConnector(thrown, address, has) ??
    (isOfApi(thrown, address) ? byApi(thrown, address) : `${NO_CREDENTIALS} (${sentence(thrown)})`);
  return Object.assign(new Error(text, { cause }), { code: "CLOUD_SQL" });
}

const NO_CREDENTIALS =
  "there are no Google credentials that work here: on Google Cloud give the workload a service account " +
  "(GKE: Workload Identity Federation), elsewhere set GOOGLE_APPLICATION_CREDENTIALS";

/** The connector's own refusals, by its codes. */
function byConnector(
  { code, message = "" }: Thrown,
  { instance, network }: CloudSqlAddress,
  has: readonly Network[] | undefined,
): string | undefined {
  switch (code) {
    case "EBADSQLADMINREGION": {
      const region = /Got ([\w-]+),/.exec(message)?.[1] ?? "another region";
      const right = instance.replace(/:[^:]*(:[^:]*)$/, `:${region}$1`);
      return `the instance ${instance} is in ${region}: set INSTANCE_CONNECTION_NAME=${right}`;
    }
    case "ENOPUBLICSQLADMINIPADDRESS":
    case "ENOPRIVATESQLADMINIPADDRESS":
    case "ENOPSCSQLADMINIPADDRESS": {
      const missing = `the instance ${instance} has no ${ADDRESSES[network]}`;
      const [other] = has ?? [];
      if (has === undefined || other === undefined)
        return `${missing}: give it one, or change INSTANCE_NETWORK`;
      const names = has.map((one) => ADDRESSES[one]).join(" and a ");
      return `${missing}, but a ${names}: set INSTANCE_NETWORK=${other}`;
    }
    case "ETIMEDOUT":
      return `the SQL Admin API, or Google's login, did not answer in time for the instance ${instance}`;
    default:
      return undefined;
  }
}

const ADDRESSES: Readonly<Record<Network, string>> = {
  public: "public address",
  private: "private address",
  psc: "Private Service Connect endpoint",
};

/** Else it is of the login. The connector's remaining refusals are about what the API has said. */
function isOfApi({ code, config }: Thrown, { adminEndpoint }: CloudSqlAddress): boolean {
  const host = new URL(adminEndpoint ?? "https://sqladmin.googleapis.com").host;
  const asked = config?.url === undefined ? undefined : new URL(config.url).host;
  return asked === undefined ? String(code).includes("SQLADMIN") : asked === host;
}

function byApi(thrown: Thrown, { instance, adminEndpoint }: CloudSqlAddress): string {
  const api = `the SQL Admin API${adminEndpoint === undefined ? "" : ` at ${adminEndpoint}`}`;
  const reason = thrown.cause?.errors?.[0]?.reason ?? "";
  const said = sentence(thrown);
  if (typeof thrown.status !== "number") {
    return `${api} cannot be reached (${thrown.code ?? said}); a network without Internet needs Private Google Access`;
  }
  if (QUOTA.test(reason) || thrown.status === 429) return `${api} has a quota, which is used up: ${said}`;
  switch (thrown.status) {
    case 401:
      return `${api} does not take the Google credentials of this process: ${said}`;
    case 403:
      return DISABLED.test(reason) || DISABLED.test(said)
        ? `${api} is not enabled: run \`gcloud services enable sqladmin.googleapis.com\` for the project of the credentials (${said})`
        : `the Google credentials of this process may not connect to the instance ${instance}, or there is none: ` +
            `grant them roles/cloudsql.client in its project (${said})`;
    case 404:
      return `there is no instance ${instance}: check INSTANCE_CONNECTION_NAME (${said})`;
    default:
      return `${api} has failed with status ${thrown.status}: ${said}`;
  }
}

const QUOTA = /rateLimitExceeded|quotaExceeded/i;
const DISABLED = /accessNotConfigured|SERVICE_DISABLED|has not been used in project/i;

/** What was said, in one line that can stand before another. */
function sentence({ message = "" }: Thrown): string {
  return message.replaceAll(/\s+/g, " ").trim().slice(0, 300).replace(/[.:]$/, "");
}

/** Why a known instance could not be connected to, by the codes of Node.js and of the connector; undefined: unknown. */
export function instanceFault(
  error: unknown,
  { instance, network }: Pick<CloudSqlAddress, "instance" | "network">,
): string | undefined {
  const { code, address } = error as { readonly code?: string; readonly address?: string };
  const where = `the ${ADDRESSES[network]} of ${instance}${address === undefined ? "" : `, ${address}:3307`}`;
  if (UNTRUSTED.has(code ?? "")) {
    return `who answers at ${where} has no certificate of the instance's CA: its CA has just changed, or that is not the instance`;
  }
  if (MISNAMED.has(code ?? "")) {
    return `who answers at ${where} has a certificate for another instance`;
  }
  if (code !== undefined && LOST.has(code)) {
    return `${where} ended the connection before the login was done (${code}): the instance starts or stops, or does not take our client certificate`;
  }
  if (code?.startsWith("ERR_SSL_")) {
    return `${where} does not take our client certificate (${code}): this machine's clock may be wrong, or the instance's client CA has just changed`;
  }
  return code !== undefined && UNREACHED.has(code)
    ? `${where} cannot be reached (${code}); ${HINTS[network]}`
    : undefined;
}

/** Node.js, "X509 certificate error codes". */
const UNTRUSTED = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_SIGNATURE_FAILURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const MISNAMED = new Set(["EBADSQLADMINVERIFYCERT", "ENOSQLADMINVERIFYCERT", "ERR_TLS_CERT_ALTNAME_INVALID"]);

const UNREACHED = new Set([
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "ETIMEDOUT",
]);

/** The instance's side may also refuse a certificate without an alert. */
const LOST = new Set(["ECONNRESET", "EPIPE", "PROTOCOL_CONNECTION_LOST"]);

const HINTS: Readonly<Record<Network, string>> = {
  public: "is the instance running, and may this process connect to port 3307 outside?",
  private: "is the instance running, and is this process in its VPC network?",
  psc: "is the instance running, and has this network an endpoint and a DNS record for its service attachment?",
};
