import type { Connection, ConnectionOptions } from "mysql2";
import type { DatabaseAddress } from "./database-options.ts";
import { socketOptions } from "./way-socket.ts";
import { openTcp } from "./way-tcp.ts";

/** How connections get to their server. */
export interface Way extends AsyncDisposable {
  /** The part of mysql2's options that leads there; asked for each new connection, as certificates change. */
  options(): Promise<ConnectionOptions>;
  /** Told of each connection before anything has come from its server. */
  secure?(connection: Connection): void;
  /** No connection came of it: what the next `options` gives is asked for anew where it comes from. */
  refused?(): void;
}

/** Opens the way to an address; nothing connects yet. */
export async function openWay(address: DatabaseAddress): Promise<Way> {
  switch (address.kind) {
    case "tcp":
      return openTcp(address);
    case "socket":
      return { options: () => socketOptions(address.path), async [Symbol.asyncDispose]() {} };
    case "cloud-sql": {
      // The connector and what it brings take 0.3 to 0.6 s of CPU to load.
      const { openCloudSql } = await import("./way-cloud-sql.ts");
      return openCloudSql(address);
    }
    default:
      return address satisfies never;
  }
}
