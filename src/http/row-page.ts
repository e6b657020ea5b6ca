import { type RowPage, readRows, type RowQuery } from "../store/row-read.ts";
import type { Store } from "../store/store.ts";
import type { TableDefinition, Values } from "../tables/definition.ts";
import { rowJson } from "../tables/row-json.ts";

/** Characters of JSON after which a page ends, whatever its limit of rows: they bound what one request takes in memory. */
export const PAGE_SIZE = 8 * 1024 * 1024;

/** Rows of the first query; the next ones ask for as many as the page has room for, by the rows seen so far. */
const FIRST_ROWS = 100;

/** Rows as JSON texts, the last of them, and whether there are more behind it. */
export interface TextPage {
  readonly texts: readonly string[];
  readonly last: Values | undefined;
  readonly more: boolean;
}

/** One page: at most `limit` rows, and no more once their JSON has {@link PAGE_SIZE}. Throws as the driver does. */
export async function readPage(store: Store, table: TableDefinition, query: RowQuery): Promise<TextPage> {
  const texts: string[] = [];
  let size = 0;
  let last: Values | undefined;
  let page: RowPage = { rows: [], more: true };
  while (page.more && texts.length < query.limit && size < PAGE_SIZE) {
    const room = texts.length === 0 ? FIRST_ROWS : Math.ceil((PAGE_SIZE - size) / (size / texts.length));
    const limit = Math.min(room, query.limit - texts.length);
    page = await readRows(store, table, { ...query, limit, after: keyOf(table, last) ?? query.after });
    for (const row of page.rows) {
      const text = rowJson(table, row);
      texts.push(text);
      size += text.length;
    }
    last = page.rows.at(-1) ?? last;
  }
  return { texts, last, more: page.more };
}

function keyOf(table: TableDefinition, row: Values | undefined): RowQuery["after"] {
  return row && table.key.map(({ name }) => row[name] ?? null);
}
