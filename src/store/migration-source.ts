/** The longest line that the repository's formatter leaves alone (`lineWidth` in biome.json). */
const LINE_WIDTH = 110;

export interface MigrationSource {
  readonly className: string;
  /** Sentences for the person who reads it before it runs. */
  readonly about: readonly string[];
  readonly up: readonly (string | MigrationStep)[];
  readonly down: readonly string[];
}

/** A statement, and why workers of the old version cannot live with it: a `// breaking:` line above it. */
export interface MigrationStep {
  readonly sql: string;
  readonly breaking: string | undefined;
}

/**
 * The text of a migration's file, laid out as the repository's formatter would. A long statement takes a line for each
 * column or clause.
 */
export function migrationSource({ className, about, up, down }: MigrationSource): string {
  return [
    `import { Migration } from "@mikro-orm/migrations";`,
    "",
    "/**",
    ...about.map((sentence) => ` * ${sentence.replaceAll("*/", "* /")}`),
    " */",
    `export class ${className} extends Migration {`,
    ...method("up", up),
    "",
    ...method("down", down),
    "}",
    "",
  ].join("\n");
}

function method(name: string, statements: readonly (string | MigrationStep)[]): string[] {
  const head = `  override ${name}(): void {`;
  return statements.length === 0 ? [`${head}}`] : [head, ...statements.flatMap(stepLines), "  }"];
}

function stepLines(step: string | MigrationStep): string[] {
  if (typeof step === "string") return addSql(step);
  const mark = step.breaking === undefined ? [] : [`    // breaking: ${step.breaking.replace(/\s+/g, " ")}`];
  return [...mark, ...addSql(step.sql)];
}

function addSql(statement: string): string[] {
  const line = `    this.addSql(${literal(statement)});`;
  if (line.length <= LINE_WIDTH) return [line];
  const whole = `      ${literal(statement)},`;
  const parts = whole.length <= LINE_WIDTH ? [statement] : partsOf(statement);
  const lines = parts.map((part, i) => {
    const indent = i === 0 ? "      " : "        ";
    return `${indent}${literal(part)}${i === parts.length - 1 ? "," : " +"}`;
  });
  return ["    this.addSql(", ...lines, "    );"];
}

const TOKEN = /'(?:[^'\\]|\\.|'')*'|`[^`]*`|[^'`(),]+|./gs;

/**
 * Cuts a statement behind each comma that separates two columns or two clauses; of CREATE TABLE also behind the parenthesis
 * that opens the columns and before the one that closes them.
 */
function partsOf(statement: string): string[] {
  const level = /^create table/i.test(statement) ? 1 : 0;
  const parts = [""];
  let depth = 0;
  for (const [token] of statement.matchAll(TOKEN)) {
    if (token === ")" && depth-- === level && level === 1) parts.push("");
    const last = parts.at(-1) ?? "";
    parts[parts.length - 1] = last === "" ? token.trimStart() : last + token;
    if (token === "," && depth === level) {
      parts[parts.length - 1] += " ";
      parts.push("");
    }
    if (token === "(" && ++depth === level) parts.push("");
  }
  return parts;
}

/** A string in the quotes that need fewer escapes, double ones when it makes no difference. */
function literal(text: string): string {
  const double = JSON.stringify(text);
  const count = (quote: string) => text.split(quote).length - 1;
  if (count('"') <= count("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
