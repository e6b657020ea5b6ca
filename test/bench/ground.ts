import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { MysqlFlavor, MysqlProgram } from "../../src/local/mysql-program.ts";
import { type LocalMysql, openMysql } from "../../src/local/mysql-server.ts";
import { legProgram } from "../support/leg.ts";
import { type BenchBroker, type BrokerKind, openBroker } from "./broker.ts";

/** The servers of what is compared: all of it runs on the same two. */
export interface Ground {
  readonly mysql: LocalMysql;
  readonly broker: BenchBroker;
}

/** The servers of one bench. */
export interface Servers extends AsyncDisposable {
  readonly mysql: LocalMysql;
  /** "MySQL 9.7.0" */
  readonly mysqlName: string;
  /** A broker of this kind, opened when it is first asked for, ended with the servers. */
  broker(kind: BrokerKind): Promise<BenchBroker>;
  /** A further MySQL of one's own, with an empty data folder. Who asks for it closes it. */
  privateMysql(): Promise<LocalMysql>;
}

export const KEPT = join(import.meta.dirname, "../../.rowpost");

/**
 * Brings up a MySQL of one's own with its own settings, durable at each commit; it is ended and removed with what it holds.
 * Without `flavor`: MySQL 9 where it can be had, else MariaDB.
 */
export async function openServers(
  flavor: MysqlFlavor | undefined,
  say: (line: string) => void,
): Promise<Servers> {
  const program = await programOf(flavor, say);
  await using opening = new AsyncDisposableStack();
  await mkdir(KEPT, { recursive: true });
  const folder = await mkdtemp(join(KEPT, "bench-"));
  opening.defer(() => rm(folder, { recursive: true, force: true }));
  let opened = 0;
  const privateMysql = () => {
    opened += 1;
    return openMysql({ program, folder: join(folder, `mysql-${opened}`), temporary: true, durable: true });
  };
  const mysql = opening.use(await privateMysql());
  const brokers = new Map<BrokerKind, BenchBroker>();
  const all = opening.move();
  return {
    mysql,
    mysqlName: program.name,
    privateMysql,
    async broker(kind) {
      const broker = brokers.get(kind) ?? all.use(await openBroker(kind, folder, say));
      brokers.set(kind, broker);
      return broker;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function programOf(
  flavor: MysqlFlavor | undefined,
  say: (line: string) => void,
): Promise<MysqlProgram> {
  if (flavor !== undefined) return legProgram(flavor, say);
  try {
    return await legProgram("mysql", say);
  } catch (error) {
    say(`MySQL 9 can't be had (${error instanceof Error ? error.message : String(error)}); MariaDB instead`);
    return legProgram("mariadb", say);
  }
}
