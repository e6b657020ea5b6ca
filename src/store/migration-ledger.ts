import { createHash } from "node:crypto";
import { hostname } from "node:os";
import manifest from "../../package.json" with { type: "json" };
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
  /** When its first run began; UTC. This and all below: undefined in a row that a version without these columns wrote. */
  readonly begunAt: string | undefined;
  /** The time that its statements took, in milliseconds, over all runs; of one being taken back: those of `down`. */
  readonly tookMs: number | undefined;
  /** Who ran it last: the login as CURRENT_USER() says, the machine's host name, the version of rowpost. */
  readonly runBy: string | undefined;
  readonly host: string | undefined;
  readonly version: string | undefined;
  /** Why a program that does not know this migration cannot work on a database that has it; undefined: it can. */
  readonly breaking: string | undefined;
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

/** Columns that came later: added to a ledger of the first form, which versions that do not know them go on reading and writing. */
const LATER = {
  begun_at: "DATETIME(6) NULL",
  took_ms: "BIGINT UNSIGNED NULL",
  run_by: "VARCHAR(288) NULL",
  host: "VARCHAR(255) NULL",
  version: "VARCHAR(64) NULL",
  breaking: "TEXT NULL",
};

/** One statement for all that is missing: the ledger has the later columns or it has not, also after a crash. */
async function addLater(session: Session): Promise<void> {
  const columns = await session.rows(`SHOW COLUMNS FROM ${LEDGER_TABLE}`);
  const there = new Set(columns.map((column) => String(column["Field"])));
  const missing = Object.entries(LATER).filter(([name]) => !there.has(name));
  if (missing.length === 0) return;
  const adds = missing.map(([name, type]) => `ADD ${name} ${type}`);
  await session.rows(`ALTER TABLE ${LEDGER_TABLE} ${adds.join(", ")}`);
}

/** Reads a ledger of any form, in the order in which the migrations were begun. */
export const SELECT_LEDGER = `SELECT * FROM ${LEDGER_TABLE} ORDER BY id`;

export function ledgerRow(row: DatabaseRow): LedgerRow {
  const text = (name: string) => (row[name] == null ? undefined : String(row[name]));
  return {
    id: Number(row["id"]),
    name: String(row["name"]),
    direction: row["direction"] as Direction,
    stepsDone: Number(row["steps_done"]),
    doneDigest: String(row["done_digest"]),
    running: text("running"),
    executedAt: text("executed_at"),
    begunAt: text("begun_at"),
    tookMs: row["took_ms"] == null ? undefined : Number(row["took_ms"]),
    runBy: text("run_by"),
    host: text("host"),
    version: text("version"),
    breaking: text("breaking"),
  };
}

/** The migration's statements have all taken effect, and none of `down`'s has begun. */
export function isExecuted(row: LedgerRow | undefined): boolean {
  return row?.direction === "up" && row.executedAt !== undefined;
}

export function digestOf(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** The ledger's writes, on the connection that holds the migration lock. */
export interface Ledger {
  rows(): Promise<LedgerRow[]>;
  begin(name: string, direction: Direction, breaking: string | undefined): Promise<void>;
  /** Another run goes on with it; `breaking` as its file says now. */
  goOn(name: string, breaking: string | undefined): Promise<void>;
  /** A statement is about to run; undefined: the server has refused it and nothing of it took effect. */
  running(name: string, structure: string | undefined): Promise<void>;
  /** `ms`: what the last one of them took. */
  stepDone(name: string, done: readonly string[], ms: number): Promise<void>;
  executed(name: string): Promise<void>;
  /** `down` could not even begin: the migration stands as it was before. */
  restore(row: LedgerRow, done: readonly string[]): Promise<void>;
  remove(name: string): Promise<void>;
}

/** Opens the ledger; makes its table, or the columns that it lacks. To be called under the migration lock. */
export async function openLedger(session: Session): Promise<Ledger> {
  await session.rows(CREATE);
  await addLater(session);
  const set = (name: string, assignments: string) =>
    session
      .rows(`UPDATE ${LEDGER_TABLE} SET ${assignments} WHERE name = ${textLiteral(name)}`)
      .then(() => {});
  return {
    rows: async () => (await session.rows(SELECT_LEDGER)).map(ledgerRow),
    begin: async (name, direction, breaking) => {
      const start = `running = NULL, took_ms = 0, ${done([])}, ${WHO}`;
      if (direction === "down") return set(name, `direction = 'down', ${start}`);
      const up = `direction = 'up', begun_at = UTC_TIMESTAMP(6), breaking = ${nullable(breaking)}, ${start}`;
      await session.rows(`INSERT INTO ${LEDGER_TABLE} SET name = ${textLiteral(name)}, ${up}`);
    },
    goOn: (name, breaking) => set(name, `breaking = ${nullable(breaking)}, ${WHO}`),
    running: (name, structure) =>
      set(name, `running = ${structure === undefined ? "NULL" : `'${structure}'`}`),
    stepDone: (name, steps, ms) =>
      set(name, `running = NULL, ${done(steps)}, took_ms = COALESCE(took_ms, 0) + ${Math.round(ms)}`),
    executed: (name) => set(name, "executed_at = UTC_TIMESTAMP(6)"),
    restore: (row, steps) => set(row.name, `direction = 'up', running = NULL, ${done(steps)}, ${who(row)}`),
    remove: async (name) => {
      await session.rows(`DELETE FROM ${LEDGER_TABLE} WHERE name = ${textLiteral(name)}`);
    },
  };
}

const nullable = (text: string | undefined) => (text === undefined ? "NULL" : textLiteral(text));

const done = (steps: readonly string[]) => `steps_done = ${steps.length}, done_digest = '${digestOf(steps)}'`;

/** This run, as assignments. */
const WHO = `run_by = CURRENT_USER(), host = ${textLiteral(hostname())}, version = ${textLiteral(manifest.version)}`;

function who({ runBy, host, version, tookMs }: LedgerRow): string {
  const names = `run_by = ${nullable(runBy)}, host = ${nullable(host)}, version = ${nullable(version)}`;
  return `${names}, took_ms = ${tookMs ?? "NULL"}`;
}
