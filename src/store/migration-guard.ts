import { identifier, textLiteral } from "./literal.ts";
import type { DatabaseRow } from "./store.ts";

/**
 * A guard: a statement of a migration that looks for rows which would make a later statement fail, or lose what they hold.
 * It is a plain SELECT of two columns, so any client can run it: `rows_in_the_way`, a number, and `because`, what is wrong
 * with them. The runner refuses to go on while the number is not 0. Guards come first in a migration: nothing of it has
 * taken effect when one of them refuses.
 */
export function guard(rows: string, because: string): string {
  return `select count(*) as rows_in_the_way, ${textLiteral(because)} as because from ${rows}`;
}

/** {@link guard} for rows of one table. */
export function tableGuard(table: string, where: string | undefined, because: string): string {
  return guard(`${identifier(table)}${where === undefined ? "" : ` where ${where}`}`, because);
}

/** Throws a sentence when the statement was a guard and has found rows. */
export function refuseObstacles(statement: string, rows: readonly DatabaseRow[]): void {
  if (!isGuard(statement)) return;
  const [found] = rows;
  const count = Number(found?.["rows_in_the_way"]);
  if (count > 0) throw new Error(`${count} in the way: ${String(found?.["because"])}`);
}

/** Whether a statement only looks. */
export function isGuard(statement: string): boolean {
  return /^select\b.*\brows_in_the_way\b/is.test(statement);
}
