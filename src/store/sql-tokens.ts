/** A part of SQL: a word or number, a quoted text, a quoted name, a comma, or all between two parentheses. */
export interface SqlToken {
  readonly kind: "word" | "text" | "name" | "comma" | "group";
  /** As it stands, quotes and parentheses included. */
  readonly source: string;
  /** Where it begins in the whole text. */
  readonly at: number;
}

const TOKEN = /'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|[^\s'`(),]+|[(),]/gs;

/** Cuts SQL as SHOW CREATE TABLE prints it into tokens; what stands in parentheses is one token, to be cut again. */
export function sqlTokens(sql: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: source, index: at } of sql.matchAll(TOKEN)) {
    if (source === "(" && depth++ === 0) start = at;
    else if (source === ")" && --depth === 0) {
      tokens.push({ kind: "group", source: sql.slice(start, at + 1), at: start });
    } else if (depth === 0) tokens.push({ kind: kindOf(source), source, at });
  }
  return tokens;
}

function kindOf(source: string): SqlToken["kind"] {
  if (source === ",") return "comma";
  return source.startsWith("'") ? "text" : source.startsWith("`") ? "name" : "word";
}

/** The parts of a list, as the commas outside of quotes and parentheses divide it. */
export function sqlList(sql: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const { kind, at } of sqlTokens(sql)) {
    if (kind !== "comma") continue;
    parts.push(sql.slice(start, at).trim());
    start = at + 1;
  }
  return [...parts, sql.slice(start).trim()];
}

const ESCAPES: Readonly<Record<string, string>> = {
  "0": "\0",
  b: "\b",
  n: "\n",
  r: "\r",
  t: "\t",
  Z: "\u001a",
};

/** The text of a literal in single quotes (MySQL Reference Manual, "String Literals"). */
export function textOf(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/''|\\(.)/gs, (_, escaped: string | undefined) =>
      escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped),
    );
}

/** The name in backticks. */
export function nameOf(quoted: string): string {
  return quoted.slice(1, -1).replaceAll("``", "`");
}

/** What stands in the parentheses of a group. */
export function insideOf(group: string): string {
  return group.slice(1, -1);
}

/** An expression without parentheses around all of it, and without the introducers that MySQL puts before each text. */
export function plainExpression(sql: string): string {
  let plain = sql.trim();
  for (let tokens = sqlTokens(plain); tokens.length === 1 && tokens[0]?.kind === "group"; ) {
    plain = insideOf(plain).trim();
    tokens = sqlTokens(plain);
  }
  return plain.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|_utf8mb[34](?=')/gs, (part) =>
    part.startsWith("_") ? "" : part,
  );
}
