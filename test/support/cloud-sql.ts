import { createHash, createPublicKey, randomInt, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from "node:tls";
import { type CertificateAuthority, certificateAuthority } from "./certificate-authority.ts";
import type { Scope } from "./servers.ts";

/** Fixed in Google's connector. */
const FRONT_PORT = 3307;

const NETWORKS = ["public", "private", "psc"] as const;
export type Network = (typeof NETWORKS)[number];

/** A request to the SQL Admin API. */
export interface AdminRequest {
  readonly call: "connectSettings" | "generateEphemeralCert" | "unknown";
  readonly authorization: string | undefined;
  readonly body: { readonly public_key?: string; readonly access_token?: string };
}

/** A connection that the instance let in: by which address, and with which token in its client certificate. */
export interface Arrival {
  readonly network: Network;
  readonly token: string | undefined;
}

/** How the stand-in answers; what is not set is as it is with Google. */
export interface Behaviour {
  region: string;
  /** The addresses that the instance has. */
  networks: readonly Network[];
  /** The life of the certificates that it issues, in seconds; the real ones have an hour. */
  lifeSeconds: number;
  /** An error in place of every answer. */
  error: { readonly status: number; readonly body: unknown } | undefined;
  /** An error in place of every certificate. */
  certError: { readonly status: number; readonly body: unknown } | undefined;
  /** Nothing is answered. */
  silent: boolean;
}

/**
 * A stand-in of a Cloud SQL instance before a real server: the SQL Admin API, which issues certificates, and the instance's
 * front, which lets in who shows one. Google's connector runs through it as it is.
 */
export interface CloudSql {
  /** `project:region:instance`. */
  readonly instance: string;
  /** The variables that lead a rowpost process to it; the network, login and metadata server come on top. */
  readonly environment: Readonly<Record<string, string>>;
  /** Of the SQL Admin API. */
  readonly endpoint: string;
  readonly behaviour: Behaviour;
  readonly requests: readonly AdminRequest[];
  /** How many certificates were asked for. */
  readonly certificates: number;
  readonly arrivals: readonly Arrival[];
  /** Connections through the front that are open. */
  readonly open: number;
  /** Where its front is at the moment. */
  addressOf(network: Network): string;
  /** The Admin API is gone: its port refuses. `start` brings it back at the same port. */
  stopApi(): Promise<void>;
  startApi(): Promise<void>;
  /** Ends this share of the connections; all unless given. */
  cut(share?: number): void;
  /** What is open passes nothing on any more, without a word. New connections do. */
  hush(): void;
  /** From now on the front shows a certificate of a new CA, which the API knows only when `told`. */
  renewServer(options: { readonly told: boolean; readonly name?: string }): void;
  /** From now on the front trusts no client certificate that was issued before. */
  renewClients(): void;
  /** The front is at other addresses from now on, cut off from the old ones. `silent`: the old ones take connections and say nothing. */
  move(options?: { readonly silent?: boolean }): Promise<void>;
}

export async function cloudSql(scope: Scope, server: { readonly port: number }): Promise<CloudSql> {
  const standIn = new StandIn(server.port);
  scope.after(() => standIn.close());
  await Promise.all([standIn.startApi(), standIn.listen()]);
  return standIn;
}

class StandIn implements CloudSql {
  readonly instance = "demo:europe-west1:main";
  readonly requests: AdminRequest[] = [];
  readonly arrivals: Arrival[] = [];
  readonly behaviour: Behaviour = {
    region: "europe-west1",
    networks: NETWORKS,
    lifeSeconds: 3_600,
    error: undefined,
    certError: undefined,
    silent: false,
  };
  readonly #databasePort: number;
  readonly #api = createServer((request, response) => void this.#answer(request, response));
  readonly #sockets = new Set<Socket>();
  readonly #pairs = new Map<TLSSocket, Socket>();
  /** Tokens by the fingerprint of the key in the certificate for which they were given. */
  readonly #tokens = new Map<string, string | undefined>();
  #fronts: { readonly server: TlsServer; readonly network: Network; readonly address: string }[] = [];
  #apiPort = 0;
  #serverCa = certificateAuthority("server CA");
  #knownCa = this.#serverCa;
  #clientCa = certificateAuthority("client CA");
  #front = this.#serverCa.server({ name: "demo:main" });

  constructor(databasePort: number) {
    this.#databasePort = databasePort;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#apiPort}`;
  }

  get environment(): Readonly<Record<string, string>> {
    return { INSTANCE_CONNECTION_NAME: this.instance, SQL_ADMIN_ENDPOINT: this.endpoint };
  }

  get certificates(): number {
    return this.requests.filter(({ call }) => call === "generateEphemeralCert").length;
  }

  get open(): number {
    return this.#pairs.size;
  }

  addressOf(network: Network): string {
    return this.#fronts.find((front) => front.network === network)?.address ?? "";
  }

  async startApi(): Promise<void> {
    this.#api.listen(this.#apiPort, "127.0.0.1");
    await once(this.#api, "listening");
    this.#apiPort = (this.#api.address() as AddressInfo).port;
  }

  async stopApi(): Promise<void> {
    if (!this.#api.listening) return;
    this.#api.close();
    this.#api.closeAllConnections();
    await once(this.#api, "close");
  }

  /** Each network has an address of its own, so that a test sees which was taken; no two files share one by chance. */
  async listen(): Promise<void> {
    this.#fronts = await Promise.all(
      NETWORKS.map(async (network) => {
        const server = createTlsServer(this.#tls(), (socket) => this.#arrive(network, socket));
        server.on("connection", (socket) => this.#keep(socket));
        return { server, network, address: await listenSomewhere(server) };
      }),
    );
  }

  async close(): Promise<void> {
    await this.stopApi();
    await closeFronts(this.#fronts, this.#sockets);
  }

  cut(share = 1): void {
    for (const socket of this.#pairs.keys()) if (randomInt(1_000) < share * 1_000) socket.destroy();
  }

  hush(): void {
    for (const [socket, upstream] of this.#pairs) {
      socket.unpipe(upstream).pause();
      upstream.unpipe(socket).pause();
    }
  }

  renewServer({ told, name = "demo:main" }: { readonly told: boolean; readonly name?: string }): void {
    this.#serverCa = certificateAuthority("server CA");
    if (told) this.#knownCa = this.#serverCa;
    this.#front = this.#serverCa.server({ name });
    this.#changeTls();
  }

  renewClients(): void {
    this.#clientCa = certificateAuthority("client CA");
    this.#changeTls();
  }

  async move({ silent = false }: { readonly silent?: boolean } = {}): Promise<void> {
    const before = this.#fronts;
    this.cut();
    if (silent)
      for (const { server } of before) server.removeAllListeners("connection").on("connection", this.#hold);
    else await closeFronts(before, this.#sockets);
    await this.listen();
    if (silent) this.#fronts.push(...before);
  }

  /** Takes a connection, and never says a word. */
  readonly #hold = (socket: Socket): void => this.#keep(socket);

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #tls() {
    return {
      ...this.#front,
      ca: this.#clientCa.cert,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
    } as const;
  }

  #changeTls(): void {
    for (const { server } of this.#fronts) server.setSecureContext(this.#tls());
  }

  #arrive(network: Network, socket: TLSSocket): void {
    const { pubkey } = socket.getPeerCertificate();
    this.arrivals.push({ network, token: this.#tokens.get(fingerprint(pubkey)) });
    const upstream = connect({ port: this.#databasePort, host: "127.0.0.1", noDelay: true });
    this.#pairs.set(socket, upstream);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.once("close", () => other.destroy());
    }
    socket.once("close", () => this.#pairs.delete(socket));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (JSON.parse((await text(request)) || "{}") ?? {}) as AdminRequest["body"];
    const { authorization } = request.headers;
    const call = /\/sql\/v1beta4\/projects\/demo\/instances\/main[/:](\w+)$/.exec(request.url ?? "")?.[1];
    const known = call === "connectSettings" || call === "generateEphemeralCert" ? call : "unknown";
    this.requests.push({ call: known, authorization, body });
    if (this.behaviour.silent) return;
    const { status, body: answer } = this.#reply(known, body);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  #reply(call: AdminRequest["call"], body: AdminRequest["body"]): { status: number; body: unknown } {
    const { error, certError } = this.behaviour;
    if (error !== undefined) return error;
    switch (call) {
      case "connectSettings":
        return { status: 200, body: this.#settings() };
      case "generateEphemeralCert":
        return certError ?? { status: 200, body: { ephemeralCert: { cert: this.#certificate(body) } } };
      case "unknown":
        return googleError(404, "instanceDoesNotExist", "The Cloud SQL instance does not exist.");
      default:
        return call satisfies never;
    }
  }

  /** As "ConnectSettings" of the API's reference says. An instance with PSC has a name in place of an address. */
  #settings() {
    const { region, networks } = this.behaviour;
    const types = { public: "PRIMARY", private: "PRIVATE" } as const;
    return {
      kind: "sql#connectSettings",
      backendType: "SECOND_GEN",
      databaseVersion: "MYSQL_8_4",
      region,
      ipAddresses: (["public", "private"] as const)
        .filter((network) => networks.includes(network))
        .map((network) => ({ type: types[network], ipAddress: this.addressOf(network) })),
      ...(networks.includes("psc") && { pscEnabled: true, dnsName: `${this.addressOf("psc")}.` }),
      serverCaCert: {
        cert: this.#knownCa.cert,
        expirationTime: new Date(Date.now() + 86_400_000).toISOString(),
      },
      serverCaMode: "GOOGLE_MANAGED_INTERNAL_CA",
    };
  }

  #certificate({ public_key = "", access_token }: AdminRequest["body"]): string {
    const publicKey = createPublicKey(public_key);
    const notAfter = new Date(Date.now() + this.behaviour.lifeSeconds * 1_000);
    const cert = issue(this.#clientCa, publicKey, notAfter);
    const { pubkey } = new X509Certificate(cert).toLegacyObject();
    this.#tokens.set(fingerprint(pubkey), access_token);
    return cert;
  }
}

function issue(
  ca: CertificateAuthority,
  publicKey: ReturnType<typeof createPublicKey>,
  notAfter: Date,
): string {
  return ca.issue({ name: "ephemeral", publicKey, notAfter });
}

/** An error in the form of Google's APIs ("Errors" of the JSON APIs). */
export function googleError(
  status: number,
  reason: string,
  message: string,
): { status: number; body: unknown } {
  return {
    status,
    body: { error: { code: status, message, errors: [{ message, domain: "global", reason }] } },
  };
}

function fingerprint(key: Buffer | undefined): string {
  return createHash("sha256")
    .update(key ?? "")
    .digest("hex");
}

/** Linux answers on all of 127.0.0.0/8. */
async function listenSomewhere(server: TlsServer): Promise<string> {
  for (;;) {
    const address = `127.${randomInt(1, 255)}.${randomInt(256)}.${randomInt(1, 255)}`;
    server.listen(FRONT_PORT, address);
    const taken = await once(server, "listening").then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === "EADDRINUSE" || Promise.reject(error),
    );
    if (!taken) return address;
  }
}

async function closeFronts(
  fronts: readonly { readonly server: TlsServer }[],
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  const closed = fronts.map(({ server }) => {
    const gone = once(server, "close");
    server.close();
    return gone;
  });
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}
