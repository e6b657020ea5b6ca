import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate, type TLSSocket } from "node:tls";
import type { Connection } from "mysql2";

/** What a connection of mysql2 has and its types leave out. */
interface Handshaking {
  readonly config: { readonly ssl: { verifyIdentity: boolean } };
  /** While and after TLS is set up: the encrypted socket. */
  readonly stream: TLSSocket;
  startTLS(onSecure: (error?: Error) => void): void;
}

/**
 * Lets only a server in whose certificate bears `name`: checked when the chain of its certificates has been, and before
 * any password is sent. Call it before the connection's first turn.
 *
 * mysql2 cannot check the name of a server that is reached by an address (Node.js then compares "localhost"), nor one that
 * differs from the host, nor Cloud SQL's `project:instance`. So its own check must be on in the options
 * (`verifyIdentity: true`), and is turned off only inside the call that ours goes with: should mysql2 ever start TLS in
 * another way, its check stays on and refuses such servers.
 */
export function checkServer(connection: Connection, name: string): void {
  const inner = connection as unknown as Handshaking;
  const startTls = inner.startTLS.bind(connection);
  inner.startTLS = (onSecure) => {
    inner.config.ssl.verifyIdentity = false;
    startTls((error) => onSecure(error ? tlsFault(error) : nameFault(name, peerOf(inner.stream))));
  };
}

/** No certificate is one without a name. */
function peerOf(stream: TLSSocket): Pick<PeerCertificate, "subject" | "subjectaltname"> {
  return stream.getPeerCertificate() ?? {};
}

/**
 * What is wrong with the names in a certificate. `project:instance` must be its common name, as in the certificates of a CA
 * of one Cloud SQL instance; for all others the rules are those of Node.js (RFC 6125).
 */
export function nameFault(
  name: string,
  certificate: Pick<PeerCertificate, "subject" | "subjectaltname">,
): Error | undefined {
  const { CN: commonName } = certificate.subject ?? {};
  if (name.includes(":") && isIP(name) === 0) {
    return commonName === name ? undefined : wrongName(name, commonName);
  }
  const cause = checkServerIdentity(name, certificate as PeerCertificate);
  return cause && wrongName(name, certificate.subjectaltname ?? commonName, cause);
}

function wrongName(name: string, borne: string | string[] | undefined, cause?: Error): Error {
  const names = [borne ?? []]
    .flat()
    .join(", ")
    .replaceAll(/\b(DNS|IP Address):/g, "");
  return new Error(
    `the server's certificate is not for ${name}, but for ${names || "nobody"}; if that is the right server, ` +
      "set DB_SERVER_NAME to the name that its certificate bears",
    { cause },
  );
}

/** An error of Node.js; `reason` is OpenSSL's. */
type TlsError = Error & { readonly code?: string | undefined; readonly reason?: string | undefined };

/** A failure of TLS in words for a person; OpenSSL's own stay in the cause. An alert may also come when TLS stands. */
export function tlsFault(cause: TlsError): Error {
  return new Error(TLS_FAULTS[cause.code ?? ""] ?? `TLS failed: ${cause.reason ?? cause.message}`, { cause });
}

const NOT_SIGNED = "the server's certificate is not signed by the CA in DB_ROOT_CERT";
const TOO_OLD = "the server speaks no TLS of version 1.2 or later";
const NOT_TAKEN = "the server does not take the client certificate in DB_CERT";
const WANTED = "the server wants a client certificate, or another one: set DB_CERT and DB_KEY";

/** By the codes of Node.js ("X509 certificate error codes") and of OpenSSL's alerts. */
const TLS_FAULTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "the server's certificate has expired, or that of its CA has",
  CERT_NOT_YET_VALID: "the server's certificate is not valid yet, or this machine's clock is late",
  CERT_SIGNATURE_FAILURE: NOT_SIGNED,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_SIGNED,
  INVALID_CA: NOT_SIGNED,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_SIGNED,
  UNABLE_TO_GET_ISSUER_CERT: NOT_SIGNED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_SIGNED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_SIGNED,
  ECONNRESET: "the server ended the connection while TLS was set up",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: TOO_OLD,
  ERR_SSL_UNSUPPORTED_PROTOCOL: TOO_OLD,
  "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE": NOT_TAKEN,
  "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED": `${NOT_TAKEN}: it has expired`,
  "ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN": NOT_TAKEN,
  "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE": WANTED,
  "ERR_SSL_SSL/TLS_ALERT_UNSUPPORTED_CERTIFICATE": NOT_TAKEN,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `${NOT_TAKEN}: a CA has signed it that the server does not trust`,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: WANTED,
};
