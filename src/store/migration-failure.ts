import type { Direction } from "./migration-files.ts";

/** Why a migration stopped. */
export interface MigrationFailure {
  readonly name: string;
  readonly direction: Direction;
  /** Which statement, from 1, of how many; undefined when it did not come to statements. */
  readonly step?: number;
  readonly steps?: number;
  readonly statement?: string;
  /** One sentence: the server's error, or what is wrong with the file. */
  readonly reason: string;
  /** The server's error number. */
  readonly errno?: number;
  /**
   * `refused`: the server has answered with an error, nothing of the statement took effect. `lost`: the connection is gone
   * and the statement may yet have taken effect; the next run finds out. `not_run`: it was not begun.
   */
  readonly kind: "refused" | "lost" | "not_run";
}

/**
 * Errors of a DDL statement that has taken effect already (MySQL 8.4 and MariaDB 10.11 Server Error Message References). They
 * count as done only for a statement that was begun before, behind which the structure has changed.
 */
const ECHOES: ReadonlySet<number> = new Set([
  ...[1050, 1060, 1061, 1068, 1826, 3822], // exists already
  1005, // the same for MariaDB's foreign keys
  ...[1051, 1054, 1091, 1146, 1176, 3821, 3940], // is not there (any more): dropped or renamed
]);

/** Whether an error only says that a DDL statement has taken effect already. */
export function isEcho(statement: string, error: unknown): boolean {
  return /^(create|alter|drop|rename)\b/i.test(statement) && ECHOES.has(errnoOf(error) ?? 0);
}

export function errnoOf(error: unknown): number | undefined {
  return (error as { errno?: number }).errno;
}

/** A driver's or the server's error as people read it. */
export function errorText(error: unknown): string {
  const { sqlMessage, code, message } = error as { sqlMessage?: string; code?: string; message: string };
  if (sqlMessage !== undefined) return `${sqlMessage} (error ${errnoOf(error)})`;
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}
