import type { ConnectionOptions } from "mysql2";
import type { DatabaseAddress, Tls } from "./database-options.ts";
import { readPems } from "./pem.ts";
import { checkServer } from "./server-identity.ts";
import type { Way } from "./way.ts";

/** TCP, with or without TLS. A connection is refused unless the server proves by its certificate that it is the right one. */
export function openTcp({ host, port, tls }: Extract<DatabaseAddress, { kind: "tcp" }>): Way {
  // Probes of a silent peer begin after 10 s; libuv then sends one a second and gives up after ten.
  const plain = { host, port, enableKeepAlive: true, keepAliveInitialDelay: 10_000 };
  const close = async () => {};
  if (tls === undefined) return { options: async () => plain, [Symbol.asyncDispose]: close };
  return {
    options: async () => ({ ...plain, ...(await tlsOptions(tls)) }),
    secure: (connection) => checkServer(connection, tls.serverName ?? host),
    refused: () => {
      for (const secret of [tls.ca, tls.cert, tls.key]) secret?.refused();
    },
    [Symbol.asyncDispose]: close,
  };
}

/** The object is new for each connection: mysql2 keeps sessions and certificates by it, and certificates change. */
async function tlsOptions(tls: Tls): Promise<ConnectionOptions> {
  const { ca, cert, key } = await readPems(tls);
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  return {
    ssl: { ca, ...own, minVersion: "TLSv1.2", verifyIdentity: true },
    enableCleartextPlugin: tls.cleartextPassword,
  };
}
