import type { TableDefinition, Value, Values } from "../tables/definition.ts";
import { HttpProblem } from "./problem.ts";
import { textValue, valueText } from "./text-value.ts";

/**
 * A row's key from a path's last part, percent-decoded. A key of one column is its value as text. The values of a key of
 * several columns are joined by commas in the key's order; in each of them `~` is written `~0` and `,` is written `~1`, as
 * JSON Pointer does (RFC 6901). Throws an {@link HttpProblem} `bad_request`.
 */
export function readKey(table: TableDefinition, text: string): Values {
  const texts = table.key.length === 1 ? [text] : text.split(",").map(unescaped);
  if (texts.length !== table.key.length) {
    const names = table.key.map(({ name }) => name).join(",");
    throw refused(
      `The key of ${table.name} has ${table.key.length} values, ${names}, with commas between them; these are ${texts.length}.`,
    );
  }
  const key: [string, Value][] = table.key.map((column, at) => {
    const { value, fault } = textValue(column, texts[at] ?? "");
    if (fault !== undefined) throw refused(`${column.name} ${fault}.`);
    return [column.name, value];
  });
  return Object.fromEntries(key);
}

/** The path's last part for a row, percent-encoded: the inverse of {@link readKey}. */
export function keyPath(table: TableDefinition, row: Values): string {
  const texts = table.key.map((column) => valueText(column, row[column.name] ?? null));
  if (texts.length === 1) return encodeURIComponent(texts[0] ?? "");
  return texts.map((text) => encodeURIComponent(text.replaceAll("~", "~0").replaceAll(",", "~1"))).join(",");
}

function unescaped(text: string): string {
  if (/~(?![01])/.test(text)) {
    throw refused("In a key of several columns, ~ is written ~0 and a comma inside a value ~1.");
  }
  return text.replaceAll("~1", ",").replaceAll("~0", "~");
}

function refused(detail: string): HttpProblem {
  return new HttpProblem("bad_request", detail, { members: { pointer: "/path/key" } });
}
