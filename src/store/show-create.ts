import type { CheckShape, DefaultShape, ForeignKeyShape, IndexShape } from "./table-shape.ts";
import {
  insideOf,
  nameOf,
  plainExpression,
  type SqlToken,
  sqlList,
  sqlTokens,
  textOf,
} from "./sql-tokens.ts";

/** What SHOW CREATE TABLE says of a column, beyond what SHOW COLUMNS says of it. */
export interface CreatedColumn {
  readonly name: string;
  readonly default: DefaultShape | undefined;
  readonly generated: { readonly expression: string; readonly stored: boolean } | undefined;
  readonly onUpdate: number | undefined;
  /** MariaDB's own check of the column, such as `json_valid(...)`. */
  readonly check: string | undefined;
  readonly attributes: readonly string[];
}

/** A table's statement, taken apart. */
export interface CreatedTable {
  readonly columns: readonly CreatedColumn[];
  readonly key: readonly string[] | undefined;
  readonly indexes: readonly IndexShape[];
  readonly foreignKeys: readonly ForeignKeyShape[];
  readonly checks: readonly CheckShape[];
  readonly beyond: readonly string[];
}

/**
 * Takes apart what SHOW CREATE TABLE prints, on MySQL and on MariaDB: there each expression stands as it may be executed, which
 * information_schema prints with other escapes on each server.
 */
export function readCreateTable(sql: string): CreatedTable {
  // `/*!80023 INVISIBLE */` is what a newer server reads; texts never begin so outside of quotes
  const plain = sql.replace(/'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`|\/\*!\d+|\*\//gs, (part) =>
    part.startsWith("/*") || part === "*/" ? "" : part,
  );
  const tokens = sqlTokens(plain);
  const body = tokens.find(({ kind }) => kind === "group");
  if (body === undefined) throw new Error(`not a table's statement: ${sql.slice(0, 80)}`);
  const columns: CreatedColumn[] = [];
  const indexes: IndexShape[] = [];
  const foreignKeys: ForeignKeyShape[] = [];
  const checks: CheckShape[] = [];
  const beyond: string[] = [];
  let key: string[] | undefined;
  for (const item of sqlList(insideOf(body.source))) {
    const parts = sqlTokens(item);
    const [first] = parts;
    if (first?.kind === "name") columns.push(readColumn(item, parts));
    else if (item.startsWith("PRIMARY KEY")) key = keyOf(parts);
    else if (!item.startsWith("CONSTRAINT")) indexes.push(readIndex(item, parts));
    else if (parts.some(({ source }) => source === "FOREIGN")) readForeignKey(parts, foreignKeys, beyond);
    else readCheck(parts, checks, beyond);
  }
  const options = plain.slice(body.at + body.source.length).replace(/COMMENT='(?:[^'\\]|\\.|'')*'/s, "");
  const partitions = /\bPARTITION BY .*$/s.exec(options)?.[0];
  if (partitions !== undefined) beyond.push(partitions.replace(/\s+/g, " ").trim());
  return { columns, key, indexes, foreignKeys, checks, beyond };
}

/** Words that begin the next attribute of a column, behind a default. */
const ATTRIBUTE =
  /^(ON|COMMENT|CHECK|GENERATED|INVISIBLE|AUTO_INCREMENT|NOT|COLLATE|UNIQUE|SRID|WITHOUT|STORAGE|COLUMN_FORMAT)$/i;

function readColumn(item: string, tokens: readonly SqlToken[]): CreatedColumn {
  const at = (word: RegExp) => tokens.findIndex(({ kind, source }) => kind === "word" && word.test(source));
  const behind = (index: number, by = 1) => tokens[index + by]?.source ?? "";
  const generated = at(/^GENERATED$/i);
  const update = at(/^UPDATE$/i);
  const check = at(/^CHECK$/i);
  const srid = at(/^SRID$/i);
  const spatial = at(/^REF_SYSTEM_ID=/i);
  return {
    name: nameOf(tokens[0]?.source ?? ""),
    default: readDefault(item, tokens, at(/^DEFAULT$/i)),
    generated:
      generated < 0
        ? undefined
        : {
            expression: plainExpression(behind(generated, 3)),
            stored: /^(STORED|PERSISTENT)$/i.test(behind(generated, 4)),
          },
    onUpdate: update < 0 ? undefined : Number(/^\((\d+)\)$/.exec(behind(update, 2))?.[1] ?? 0),
    check: check < 0 ? undefined : plainExpression(behind(check)),
    attributes: [
      ...(at(/^INVISIBLE$/i) < 0 ? [] : ["invisible"]),
      ...(srid < 0 ? [] : [`srid ${behind(srid)}`]),
      ...(spatial < 0 ? [] : [behind(spatial, 0).toLowerCase()]),
    ],
  };
}

function readDefault(item: string, tokens: readonly SqlToken[], at: number): DefaultShape | undefined {
  const first = tokens[at + 1];
  if (at < 0 || first === undefined) return undefined;
  const ends = tokens.slice(at + 2).find(({ kind, source }) => kind === "word" && ATTRIBUTE.test(source));
  const sql = item.slice(first.at, ends?.at).trim();
  if (/^NULL$/i.test(sql)) return undefined;
  if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(sql)) return { kind: "literal", text: sql };
  const plain = plainExpression(sql);
  const [only, more] = sqlTokens(plain);
  if (only?.kind === "text" && more === undefined) return { kind: "literal", text: textOf(plain) };
  const now = /^current_timestamp(?:\((\d*)\))?$/i.exec(plain);
  if (now !== null) return { kind: "expression", sql: timestamp(Number(now[1] ?? 0)) };
  return { kind: "expression", sql: /^(b'|0x)/i.test(plain) ? plain : `(${plain})` };
}

/** The time now, with so many fraction digits. */
export function timestamp(digits: number): string {
  return digits === 0 ? "current_timestamp" : `current_timestamp(${digits})`;
}

/** The names of `(a, b)`; undefined when it holds anything else: a prefix's length, an order, an expression. */
function plainNames(group: string): string[] | undefined {
  const parts = sqlList(insideOf(group)).map((part) => sqlTokens(part));
  const plain = parts.every(([first, second]) => first?.kind === "name" && second === undefined);
  return plain ? parts.map(([first]) => nameOf(first?.source ?? "``")) : undefined;
}

function keyOf(tokens: readonly SqlToken[]): string[] | undefined {
  return plainNames(tokens.find(({ kind }) => kind === "group")?.source ?? "()");
}

function readIndex(item: string, tokens: readonly SqlToken[]): IndexShape {
  const name = nameOf(tokens.find(({ kind }) => kind === "name")?.source ?? "``");
  const group = tokens.findIndex(({ kind }) => kind === "group");
  const rest = tokens.slice(group + 1).map(({ source }) => source);
  const isPlain = /^(UNIQUE )?KEY /.test(item) && ["", "USING BTREE"].includes(rest.join(" "));
  return {
    name,
    unique: item.startsWith("UNIQUE "),
    columns: isPlain ? plainNames(tokens[group]?.source ?? "()") : undefined,
    sql: item.replace(/\s+/g, " ").trim(),
  };
}

function readForeignKey(tokens: readonly SqlToken[], foreignKeys: ForeignKeyShape[], beyond: string[]): void {
  const names = tokens.filter(({ kind }) => kind === "name").map(({ source }) => nameOf(source));
  const [columns = "()", references = "()"] = tokens
    .filter(({ kind }) => kind === "group")
    .map(({ source }) => source);
  const words = tokens.map(({ kind, source }) => (kind === "word" ? source : "-")).join(" ");
  const rule = (event: string) => {
    const action = new RegExp(`ON ${event} (CASCADE|SET NULL|SET DEFAULT)`).exec(words)?.[1];
    return action?.toLowerCase();
  };
  const [name = "", table = "", ...further] = names;
  if (further.length > 0) {
    beyond.push(`the foreign key ${name} to ${names.slice(1).join(".")}, in another database`);
    return;
  }
  foreignKeys.push({
    name,
    columns: plainNames(columns) ?? [],
    references: { table, columns: plainNames(references) ?? [] },
    onDelete: rule("DELETE"),
    onUpdate: rule("UPDATE"),
  });
}

function readCheck(tokens: readonly SqlToken[], checks: CheckShape[], beyond: string[]): void {
  const name = nameOf(tokens.find(({ kind }) => kind === "name")?.source ?? "``");
  const group = tokens.findIndex(({ kind }) => kind === "group");
  const expression = plainExpression(tokens[group]?.source ?? "()");
  const enforced = tokens[group + 1] === undefined;
  if (enforced) checks.push({ name, expression });
  else beyond.push(`the check ${name} (${expression}), which is not enforced`);
}
