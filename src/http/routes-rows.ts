import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { NotIn } from "../store/row-not-in.ts";
import { readRow } from "../store/row-read.ts";
import type { TableDefinition } from "../tables/definition.ts";
import { rowJson } from "../tables/row-json.ts";
import { answerJson } from "./answer-json.ts";
import type { HttpApp } from "./app.ts";
import { askDatabase } from "./ask-database.ts";
import { findTable } from "./find-table.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";
import { cursorOf, readCursor } from "./row-cursor.ts";
import { readKey } from "./row-key.ts";
import { readPage } from "./row-page.ts";
import { readFilters, readNotIn, splitNotIn } from "./row-query.ts";

/** `GET /tables/{table}/rows` and `GET /tables/{table}/rows/{key}`. */
export function rowRoutes(app: HttpApp, parts: SidecarParts): void {
  app.get(
    "/tables/:table/rows",
    { schema: { tags: ["rows"], summary: "Rows of a table, by key", params: Table, querystring: Page } },
    async (request, reply) => {
      const table = readable(request, request.params.table, parts);
      return await answerPage(request, reply, table, request.query, parts);
    },
  );
  app.get(
    "/tables/:table/rows/:key",
    { schema: { tags: ["rows"], summary: "One row", params: RowParameters } },
    async (request, reply) => {
      const table = readable(request, request.params.table, parts);
      const key = readKey(table, request.params.key);
      const row = await askDatabase(parts.database, (store) => readRow(store, table, key));
      if (row === undefined) throw new HttpProblem("no_row", `${table.name} has no row of this key.`);
      return answerJson(request, reply, rowJson(table, row));
    },
  );
}

const Table = z.object({ table: z.string().describe("A table's name") });
const RowParameters = Table.extend({
  key: z
    .string()
    .describe(
      "The row's key, percent-encoded; of several columns: joined by commas, with ~ in a value as ~0 and a comma as ~1",
    ),
});
// Not strict: the other parameters are columns, which only the table's definition knows.
const Page = z.looseObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe("Rows at the most"),
  after: z.string().optional().describe("The member next of the page before"),
  notIn: z
    .string()
    .optional()
    .describe("<table>.<column>: only rows whose key that column of that table does not hold"),
  isNull: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("An indexed column: only rows in which it is NULL"),
});

/** The table, if the caller may read it. */
function readable(
  request: FastifyRequest,
  name: string,
  { registry, access }: SidecarParts,
): TableDefinition {
  const table = findTable(registry, name);
  access.mayRead(request.principal, table.name);
  return table;
}

/** As {@link readNotIn}, after making sure that the caller may read the other table too. */
function readableNotIn(
  request: FastifyRequest,
  table: TableDefinition,
  text: string,
  { registry, access }: SidecarParts,
): NotIn {
  const { table: other } = splitNotIn(registry, text);
  if (registry.has(other)) access.mayRead(request.principal, other);
  return readNotIn(registry, table, text);
}

async function answerPage(
  request: FastifyRequest,
  reply: FastifyReply,
  table: TableDefinition,
  { limit, after, notIn }: z.output<typeof Page>,
  parts: SidecarParts,
): Promise<unknown> {
  // Read anew: the columns' parameters keep their order, and none of them is lost for being called like a member.
  const query = new URLSearchParams(request.url.split("?").slice(1).join("?"));
  const asked = {
    limit,
    after: after === undefined ? undefined : readCursor(table, after),
    equal: readFilters(table, query),
    notIn: notIn === undefined ? undefined : readableNotIn(request, table, notIn, parts),
  };
  const { texts, last, more } = await askDatabase(parts.database, (store) => readPage(store, table, asked));
  const next = more && last !== undefined ? cursorOf(table, last) : undefined;
  if (next !== undefined) {
    query.set("after", next);
    // RFC 8288
    reply.header("link", `</tables/${encodeURIComponent(table.name)}/rows?${query}>; rel="next"`);
  }
  const end = next === undefined ? "" : `,"next":${JSON.stringify(next)}`;
  return answerJson(request, reply, `{"rows":[${texts.join(",")}]${end}}`);
}
