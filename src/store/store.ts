import type { EntityManager, MikroORM } from "@mikro-orm/mysql";

/** A result row as mysql2 gives it with `dateStrings`, `jsonStrings` and `supportBigNumbers`. */
export type DatabaseRow = Record<string, unknown>;

/** One transaction, READ COMMITTED, on one connection of the pool. SQL comes ready, with its literals in it. */
export interface Transaction {
  readonly em: EntityManager;
  select(sql: string): Promise<DatabaseRow[]>;
  run(sql: string): Promise<{ readonly affectedRows: number; readonly insertId: number }>;
}

/** The database behind the worker. */
export interface Store extends AsyncDisposable {
  readonly orm: MikroORM;
  /** Which server answers; MariaDB keeps JSON as text, MySQL as its binary form. */
  readonly flavor: "mysql" | "mariadb";
  /** Bytes that one statement may have: the server's max_allowed_packet. */
  readonly maxPacket: number;
  /**
   * Runs `work` in one transaction; commits when it resolves. Errors come as the driver threw them. It is given up after
   * `timeoutMs`, else after the configured time; Infinity: never.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, timeoutMs?: number): Promise<T>;
  /** One query outside any transaction. */
  select(sql: string): Promise<DatabaseRow[]>;
  close(): Promise<void>;
}
