import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  AuthTypes,
  type ConnectionOptions,
  Connector,
  GoogleAuth,
  IpAddressTypes,
} from "@google-cloud/cloud-sql-connector";
// oxlint-disable-next-line no-restricted-imports -- the connector logs in by itself, and remembers too much of it
import { gcpMetadata } from "google-auth-library";
import type { CloudSqlAddress } from "./database-options.ts";

/** An instance whose address, CA and client certificate are known and kept fresh in the background until `close`. */
export interface CloudSqlInstance {
  /** A new socket to it; TLS is set up, and the certificates of both sides checked, before a byte comes. */
  connect(): Socket;
  close(): void;
}

/**
 * Asks the SQL Admin API for what it takes to connect. Rejects with what the connector, Google's login or the network says;
 * then nothing stays open. A connector that has failed is of no more use: it would say the same again without asking.
 */
export async function openInstance(address: CloudSqlAddress): Promise<CloudSqlInstance> {
  const endpoint = address.adminEndpoint;
  const connector = new Connector(endpoint === undefined ? {} : { sqlAdminAPIEndpoint: endpoint });
  const asked = {
    instanceConnectionName: address.instance,
    ipType: IP_TYPES[address.network],
    authType: address.iam ? AuthTypes.IAM : AuthTypes.PASSWORD,
  };
  // That there is no metadata server is remembered, but it may be late: a pod's comes some seconds after its start.
  gcpMetadata.resetIsAvailableCache();
  const { stream } = await connector.getOptions(asked);
  const closing = new AbortController();
  const refresher = refresherOf(connector, asked, closing.signal);
  return {
    connect: () => watched(stream(), refresher),
    close() {
      closing.abort();
      connector.close();
    },
  };
}

const IP_TYPES = {
  public: IpAddressTypes.PUBLIC,
  private: IpAddressTypes.PRIVATE,
  psc: IpAddressTypes.PSC,
} as const;

/**
 * In which networks the instance has addresses, when the error is that it has none in the one that was wanted: the connector
 * does not say. Undefined: that is not it, or nobody knows.
 */
export async function networksOf(
  address: CloudSqlAddress,
  error: unknown,
): Promise<readonly CloudSqlAddress["network"][] | undefined> {
  if (!/^ENO\w+SQLADMINIPADDRESS$/.test(String((error as { readonly code?: unknown }).code)))
    return undefined;
  const [, project, instance] = /^(.+):[^:]+:([^:]+)$/.exec(address.instance) ?? [];
  const root = (address.adminEndpoint ?? "https://sqladmin.googleapis.com").replace(/\/$/, "");
  const url = `${root}/sql/v1beta4/projects/${project}/instances/${instance}/connectSettings`;
  const auth = new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/sqlservice.admin"] });
  const answer = await auth.request<ConnectSettings>({ url, timeout: 5_000 }).catch(() => undefined);
  if (answer === undefined) return undefined;
  const { ipAddresses = [], pscEnabled } = answer.data;
  const types = ipAddresses.map(({ type }) => type);
  return [
    ...(types.includes("PRIVATE") ? (["private"] as const) : []),
    ...(pscEnabled === true ? (["psc"] as const) : []),
    ...(types.includes("PRIMARY") ? (["public"] as const) : []),
  ];
}

/** Of the SQL Admin API's reference: "ConnectSettings". */
interface ConnectSettings {
  readonly ipAddresses?: readonly { readonly type?: string }[];
  readonly pscEnabled?: boolean;
}

/** What asks the API again, before a certificate ends or after a failed connection; the connector's types leave it out. */
interface Refresher {
  setEstablishedConnection(): void;
  forceRefresh(): Promise<void>;
  throttle?: (work: () => Promise<unknown>) => () => Promise<unknown>;
}

/** Two refreshes are so far apart at the least. It is 30 s in the connector: too long for an instance that has moved. */
const REFRESH_MS = 5_000;

function refresherOf(connector: Connector, asked: ConnectionOptions, closing: AbortSignal): Refresher {
  const { instances } = connector as unknown as {
    readonly instances: { getInstance(asked: ConnectionOptions): Refresher };
  };
  const refresher = instances.getInstance(asked);
  // Before the first connection a refresh that fails would be a rejection that nobody hears, which ends the process.
  refresher.setEstablishedConnection();
  // The connector's own limit waits on a timer that its `close` leaves running.
  const throttle = spaced(closing);
  Object.defineProperty(refresher, "throttle", { get: () => throttle, set() {} });
  return refresher;
}

/** Lets work begin once in {@link REFRESH_MS}; the rest waits, and is not done when `closing` comes first. */
function spaced(closing: AbortSignal): Refresher["throttle"] {
  let next = Number.NEGATIVE_INFINITY;
  return (work) =>
    async function (this: unknown) {
      const now = performance.now();
      const wait = Math.max(0, next - now);
      next = now + wait + REFRESH_MS;
      if (wait > 0) await delay(wait, undefined, { signal: closing });
      return work.call(this);
    };
}

function watched(socket: Socket, refresher: Refresher): Socket {
  let secure = false;
  socket.once("connect", () => {
    socket.setNoDelay(true);
    // As for TCP: see `openTcp`.
    socket.setKeepAlive(true, 10_000);
  });
  socket.once("secureConnect", () => (secure = true));
  socket.once("close", (failed: boolean) => {
    // Given up while it waited: a silent address may not be the instance's any more. Of errors the connector knows itself.
    if (!secure && !failed) void refresher.forceRefresh();
  });
  return socket;
}
