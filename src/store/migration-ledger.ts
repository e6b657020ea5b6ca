import { createHash } from "node:crypto";
import { textLiteral } from "./literal.ts";
import type { Direction } from "./migration-files.ts";
import type { Session } from "./migration-session.ts";
import type { DatabaseRow } from "./store.ts";

/**
 * What the database knows of one migration. MySQL commits each DDL statement at once, so a migration of several statements is
 * not atomic; its row says how far it is.
 *
 * | direction | executedAt | the migration is |
 * |---|---|---|
 * | up | undefined | begun: its first `stepsDone` statements have taken effect |
 * | up | set | executed |
 * | down | any | being taken back: the first `stepsDone` statements of `down` have taken effect |
 *
 * No row: pending.
 */
export interface LedgerRow {
  readonly id: number;
  readonly name: string;
  readonly direction: Direction;
  readonly stepsDone: number;
  /** {@link digestOf} the finished statements: a file that was edited behind them is noticed. */
  readonly doneDigest: string;
  /** The structure's digest just before the statement that was begun and whose end nobody recorded. */
  readonly running: string | undefined;
  /** UTC, as MySQL prints DATETIME(6). */
  readonly executedAt: string | undefined;
}

export const LEDGER_TABLE = "rowpost_migrations";

const CREATE = `CREATE TABLE IF NOT EXISTS ${LEDGER_TABLE} (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) COLLATE ascii_bin NOT NULL,
  direction ENUM('up', 'down') NOT NULL,
  steps_done INT UNSIGNED NOT NULL,
  done_digest CHAR(64) COLLATE ascii_bin NOT NULL,
  running CHAR(64) COLLATE ascii_bin NULL,
  executed_at DATETIME(6) NULL,
  UNIQUE rowpost_migrations_name (name)
) DEFAULT CHARACTER SET utf8mb4 ENGINE = InnoDB`;

/** The query that reads the ledger, in the order in which the migrations were begun. */
export const SELECT_LEDGER = `SELECT id, name, direction, steps_done, done_digest, running, executed_at
  FROM ${LEDGER_TABLE} ORDER BY id`;

export function ledgerRow(row: DatabaseRow): LedgerRow {
  return {
    id: Number(row["id"]),
    name: String(row["name"]),
    direction: row["direction"] as Direction,
    stepsDone: Number(row["steps_done"]),
    doneDigest: String(row["done_digest"]),
    running: row["running"] == null ? undefined : String(row["running"]),
    executedAt: row["executed_at"] == null ? undefined : String(row["executed_at"]),
  };
}

/** The migration's statements have all taken effect, and none of `down`'s has begun. */
export function isExecuted(row: LedgerRow): boolean {
  return row.direction === "up" && row.executedAt !== undefined;
}

export function digestOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The ledger's writes, on the connection that holds the migration lock. */
export interface Ledger {
  rows(): Promise<LedgerRow[]>;
  begin(name: string, direction: Direction): Promise<void>;
  /** A statement is about to run; undefined: the server has refused it and nothing of it took effect. */
  running(name: string, structure: string | undefined): Promise<void>;
  stepDone(name: string, done: readonly string[]): Promise<void>;
  executed(name: string): Promise<void>;
  /** `down` could not even begin: the migration stands as executed. */
  restore(name: string, done: readonly string[]): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Opens the ledger; makes its table when it is missing. */
export async function openLedger(session: Session): Promise<Ledger> {
  await session.rows(CREATE);
  const set = (name: string, assignments: string) =>
    session
      .rows(`UPDATE ${LEDGER_TABLE} SET ${assignments} WHERE name = ${textLiteral(name)}`)
      .then(() => {});
  const done = (steps: readonly string[]) =>
    `steps_done = ${steps.length}, done_digest = '${digestOf(steps)}'`;
  return {
    rows: async () => (await session.rows(SELECT_LEDGER)).map(ledgerRow),
    begin: async (name, direction) => {
      const values = `${textLiteral(name)}, '${direction}', 0, '${digestOf([])}'`;
      if (direction === "down") return set(name, `direction = 'down', running = NULL, ${done([])}`);
      await session.rows(
        `INSERT INTO ${LEDGER_TABLE} (name, direction, steps_done, done_digest) VALUES (${values})`,
      );
    },
    running: (name, structure) =>
      set(name, `running = ${structure === undefined ? "NULL" : `'${structure}'`}`),
    stepDone: (name, steps) => set(name, `running = NULL, ${done(steps)}`),
    executed: (name) => set(name, "executed_at = UTC_TIMESTAMP(6)"),
    restore: (name, steps) => set(name, `direction = 'up', running = NULL, ${done(steps)}`),
    remove: async (name) => {
      await session.rows(`DELETE FROM ${LEDGER_TABLE} WHERE name = ${textLiteral(name)}`);
    },
  };
}
