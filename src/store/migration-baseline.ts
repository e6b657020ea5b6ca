import { textLiteral } from "./literal.ts";
import type { Session } from "./migration-session.ts";

/**
 * A baseline is a migration of tables that stood in a database before rowpost's migrations did. Where they are, it is recorded
 * and not run; where they are not, it makes them, like any other. Its name says so, behind the time: `…-baseline-…`. Taking it
 * back leaves the tables, as nobody can know whether it has made them.
 */
export function isBaseline(name: string): boolean {
  return /^\d{14}-baseline(-|$)/.test(name);
}

/** Why these statements can't be a baseline's, or undefined: they only make whole tables. */
export function baselineFault(statements: readonly string[]): string | undefined {
  const made = new Set(tablesMade(statements));
  const other = statements.find((statement) => {
    const altered = /^alter table (`(?:[^`]|``)+`) add\b/i.exec(statement)?.[1];
    return madeBy(statement) === undefined && (altered === undefined || !made.has(nameOf(altered)));
  });
  return other === undefined
    ? undefined
    : `a baseline only makes tables, and the definitions also ask for: ${other}; create a migration of that first, ` +
        "without the new definitions";
}

/**
 * What a baseline finds: all of its tables, none of them, or a part, which nobody but a person can make sense of; then it is a
 * sentence. Statements that make no table are not looked at.
 */
export async function baselineState(
  session: Session,
  statements: readonly string[],
): Promise<"there" | "absent" | { readonly reason: string }> {
  const wanted = tablesMade(statements);
  if (wanted.length === 0) return "absent";
  const rows = await session.rows(
    `SELECT table_name AS name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name IN (${wanted.map(textLiteral).join(", ")})`,
  );
  const there = new Set(rows.map((row) => String(row["name"]).toLowerCase()));
  const missing = wanted.filter((name) => !there.has(name.toLowerCase()));
  if (missing.length === 0) return "there";
  if (missing.length === wanted.length) return "absent";
  const reason =
    `of the ${wanted.length} tables of this baseline ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing and ` +
    "the others are there; make the missing ones, or take the others away, so that it finds all or none of them";
  return { reason };
}

function tablesMade(statements: readonly string[]): string[] {
  return statements.flatMap((statement) => madeBy(statement) ?? []);
}

function madeBy(statement: string): string | undefined {
  const quoted = /^create table (`(?:[^`]|``)+`)/i.exec(statement)?.[1];
  return quoted === undefined ? undefined : nameOf(quoted);
}

function nameOf(quoted: string): string {
  return quoted.slice(1, -1).replaceAll("``", "`");
}
