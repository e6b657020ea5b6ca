import type { ColumnShape, TableShape } from "../store/table-shape.ts";
import type { Operation } from "../tables/definition.ts";
import { columnBuilder, opaqueReason } from "./import-column.ts";
import { printMember, type Source } from "./import-source.ts";

/** The longest line of a comment. */
const WIDTH = 108;

/**
 * The text of a table's definition file. `library` is where the file finds `defineTable`. The same shape gives the same text, and
 * a table that migrations make of the definition gives the same shape.
 */
export function definitionText(shape: TableShape, library: string): string {
  const columns = ordered(shape);
  const opaque = columns.filter((column) => opaqueReason(column) !== undefined);
  const members = [
    ...entry("name", shape.name),
    ...(shape.comment === "" ? [] : entry("comment", shape.comment)),
    `  columns: {\n${columns.map((column) => columnLines(column, shape)).join("")}  },\n`,
    ...entry("key", shape.key.length === 1 ? (shape.key[0] ?? "") : shape.key),
    ...operationLines(shape, opaque),
    ...(opaque.length === 0
      ? []
      : entry(
          "opaque",
          opaque.map(({ name }) => name),
        )),
    ...entry("uniques", plainIndexes(shape, true)),
    ...entry("indexes", plainIndexes(shape, false)),
    ...entry("foreignKeys", foreignKeys(shape)),
    ...entry(
      "checks",
      [...shape.checks].sort(byName).map(({ name, expression }) => ({ name, expression })),
    ),
  ];
  return [
    'import { p } from "@mikro-orm/mysql";\n',
    `import { defineTable } from ${JSON.stringify(library)};\n\n`,
    docstring(shape),
    "export const table = defineTable({\n",
    ...members,
    "});\n",
  ].join("");
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);

/** As migrations make the table: JavaScript puts names that are numbers first, and a composite key begins with its columns. */
function ordered({ columns, key }: TableShape): readonly ColumnShape[] {
  const isNumber = ({ name }: ColumnShape) => /^(0|[1-9]\d{0,8})$/.test(name);
  const numbers = columns.filter(isNumber).sort((a, b) => Number(a.name) - Number(b.name));
  const others = columns.filter((column) => !isNumber(column));
  if (key.length < 2) return [...numbers, ...others];
  const keyed = key.flatMap((name) => others.filter((column) => column.name === name));
  return [...numbers, ...keyed, ...others.filter(({ name }) => !key.includes(name))];
}

/** `  name: value,` and its line feed; nothing for an empty list. */
function entry(name: string, value: Source): string[] {
  if (Array.isArray(value) && value.length === 0) return [];
  return [`  ${printMember(name, value, "  ")},\n`];
}

function columnLines(column: ColumnShape, { key }: TableShape): string {
  const isKey = key.includes(column.name);
  const builder = columnBuilder(column, { isKey, isWholeKey: isKey && key.length === 1 });
  return `    ${printMember(column.name, builder, "    ")},\n`;
}

function operationLines({ columns, key }: TableShape, opaque: readonly ColumnShape[]): string[] {
  const lines = opaque.flatMap((column) => comment(`${column.name}: ${opaqueReason(column)}`));
  const required = opaque.find((column) => !column.nullable && column.default === undefined);
  if (required === undefined || required.generated !== undefined) return lines;
  const writable = columns.some(
    (column) => !key.includes(column.name) && !opaque.includes(column) && column.generated === undefined,
  );
  const operations: Operation[] = writable ? ["update", "delete"] : ["delete"];
  return [
    ...lines,
    ...comment(`no row can be inserted without a value for ${required.name}`),
    ...entry("operations", operations),
  ];
}

function comment(text: string): string[] {
  return wrap(text.replaceAll(/\s+/g, " "), WIDTH - 5).map((line) => `  // ${line}\n`);
}

function plainIndexes({ name: table, indexes }: TableShape, unique: boolean): Source[] {
  const wanted = indexes.filter((index) => index.unique === unique).sort(byName);
  return wanted.map(({ name, columns, sql }) => {
    if (columns === undefined) return { name, expression: `alter table ${identifier(table)} add ${sql}` };
    return { name, properties: columns.length === 1 ? (columns[0] ?? "") : columns };
  });
}

function identifier(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

function foreignKeys({ foreignKeys: given }: TableShape): Source[] {
  const one = (names: readonly string[]) => (names.length === 1 ? (names[0] ?? "") : names);
  return [...given].sort(byName).map(({ name, columns, references, onDelete, onUpdate }) => ({
    name,
    columns: one(columns),
    references: { table: references.table, columns: one(references.columns) },
    ...(onDelete === undefined ? {} : { onDelete }),
    ...(onUpdate === undefined ? {} : { onUpdate }),
  }));
}

/** Where it comes from, and what it can't say of the table. */
function docstring({ name, beyond }: TableShape): string {
  const about = `The table ${name}, as it was imported from the database.`;
  const more = beyond.map((what) => `Not part of this definition: ${what}.`);
  const lines = [about, ...more].flatMap((text) =>
    text
      .replaceAll("*/", "* /")
      .split(/\s*\n\s*/)
      .flatMap((line) => wrap(line.trim(), WIDTH)),
  );
  if (lines.length === 1 && (lines[0] ?? "").length <= WIDTH - 3) return `/** ${lines[0]} */\n`;
  return `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

/** Lines of at most so many characters, cut at spaces. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
