import type { DatabaseTable } from "@mikro-orm/mysql";
import { withDots } from "../tables/dots.ts";
import { identifier } from "./literal.ts";
import type { Session } from "./migration-session.ts";

/** What SHOW CREATE TABLE alone tells of a table, each in the server's own words. */
export interface Expressions {
  /** By the column's name: the expression, and whether it is stored. */
  readonly generated: ReadonlyMap<string, string>;
  /** By the constraint's name, in the order of the table. */
  readonly checks: ReadonlyMap<string, string>;
}

const GENERATED = /^`((?:[^`]|``)+)` .*?GENERATED ALWAYS AS \((.*)\) (STORED|PERSISTENT|VIRTUAL)\b/;
const CHECK = /^CONSTRAINT `((?:[^`]|``)+)` CHECK \((.*)\)(?: \/\*.*\*\/)?$/;

/** Reads the expressions of a table, a temporary one or another. */
export async function readExpressions(session: Session, table: string): Promise<Expressions> {
  const [row] = await session.rows(`SHOW CREATE TABLE ${identifier(table)}`);
  const generated = new Map<string, string>();
  const checks = new Map<string, string>();
  for (const line of String(row?.["Create Table"]).split("\n")) {
    const text = line.trim().replace(/,$/, "");
    const [, column = "", expression = "", kind] = GENERATED.exec(text) ?? [];
    if (kind !== undefined) {
      generated.set(unquoted(column), `${plain(expression)} ${kind === "VIRTUAL" ? "virtual" : "stored"}`);
    }
    const [, name, condition = ""] = CHECK.exec(text) ?? [];
    if (name !== undefined) checks.set(unquoted(name), plain(condition));
  }
  return { generated, checks };
}

/** Adds the declared checks to the temporary table, without names: a name would have to be the only one of the database. */
export async function addChecks(session: Session, temporary: string, table: DatabaseTable): Promise<void> {
  for (const { expression } of table.getChecks()) {
    await session.rows(`ALTER TABLE ${identifier(temporary)} ADD CHECK (${withDots(String(expression))})`);
  }
}

/** In what the live table's generated columns and checks differ from the declared ones, a sentence each. */
export function expressionDrift(table: DatabaseTable, declared: Expressions, live: Expressions): string[] {
  const tableName = withDots(table.name);
  const drift: string[] = [];
  for (const [name, should] of declared.generated) {
    const is = live.generated.get(name);
    if (is !== undefined && is !== should) {
      drift.push(`${tableName}.${name} is generated as ${is}, should be ${should}`);
    }
  }
  const expressions = [...declared.checks.values()];
  for (const [i, check] of table.getChecks().entries()) {
    const name = withDots(check.name);
    const [is, should] = [live.checks.get(name), expressions[i]];
    if (is === undefined) drift.push(`${tableName}: constraint ${name} is missing`);
    else if (should !== is) drift.push(`${tableName}: check ${name} is ${is}, should be ${should}`);
  }
  return drift;
}

const unquoted = (name: string) => name.replaceAll("``", "`");

/** Without the introducers and backslashes by which MySQL prints one and the same text in two ways. */
function plain(expression: string): string {
  return expression.replaceAll("\\", "").replace(/_(utf8mb[34]|latin1|ascii|binary)(?=')/g, "");
}
