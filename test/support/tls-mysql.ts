import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type CertificateAuthority, certificateAuthority, type Subject } from "./certificate-authority.ts";
import { privateMysql, type Scope, type TestServer } from "./servers.ts";

/** A private server that speaks TLS with certificates of its own authority. */
export interface TlsServer extends TestServer {
  readonly ca: CertificateAuthority;
  /** Its Unix socket. */
  readonly socket: string;
  /** The variables of TLS to it, at 127.0.0.1. */
  readonly tlsEnvironment: Readonly<Record<string, string>>;
  /** Gives the running server another certificate, for connections from now on. */
  wear(subject: Omit<Subject, "publicKey">): Promise<void>;
  /** Puts a text into a file beside the certificates; the path. */
  file(name: string, text: string): Promise<string>;
  /** A client's certificate of the server's CA, or of another one, and its key, in files. */
  client(
    name: string,
    ca?: CertificateAuthority,
  ): Promise<{ readonly DB_CERT: string; readonly DB_KEY: string }>;
}

/** Takes 2 s (MariaDB) to 4 s (MySQL); ended and removed when the scope ends. */
export async function tlsMysql(scope: Scope): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-tls-"));
  scope.after(() => rm(folder, { recursive: true, force: true }));
  const file = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  const ca = certificateAuthority("test-ca");
  const put = async (subject: Omit<Subject, "publicKey">) => {
    const { cert, key } = ca.server(subject);
    return [await file("server.pem", cert), await file("server.key", key)] as const;
  };
  const caFile = await file("ca.pem", ca.cert);
  const [certFile, keyFile] = await put(GOOD);
  const mysql = await privateMysql(scope, [
    `--ssl-ca=${caFile}`,
    `--ssl-cert=${certFile}`,
    `--ssl-key=${keyFile}`,
  ]);
  return {
    ...mysql,
    ca,
    // As `folderForSocket` of the instance has it: the path of a test's folder is short.
    socket: join(dirname(mysql.server.logFile), "s"),
    tlsEnvironment: { ...mysql.environment, DB_ROOT_CERT: caFile },
    async wear(subject) {
      await put(subject);
      await mysql.query(mysql.flavor === "mysql" ? "ALTER INSTANCE RELOAD TLS" : "FLUSH SSL");
    },
    file,
    async client(name, of = ca) {
      const { cert, key } = of.server({ name });
      return { DB_CERT: await file(`${name}.pem`, cert), DB_KEY: await file(`${name}.key`, key) };
    },
  };
}

/** What the server's certificate says at first. */
export const GOOD = { name: "rowpost-test", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] } as const;
