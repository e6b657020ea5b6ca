import { z } from "zod";
import { readRows } from "../store/row-read.ts";
import { rowJson } from "../tables/row-json.ts";
import { answerJson } from "./answer-json.ts";
import type { HttpApp } from "./app.ts";
import { askDatabase } from "./ask-database.ts";
import { noTable } from "./find-table.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";
import { readNotIn } from "./row-query.ts";

/** Where the posts are, and the column that names the post of which a row of another table was made. */
const POSTS = "feed";
const SOURCE = "site_url";

/** `GET /get/post?table=T`: a post of the feed of which T has no row yet. */
export function nextPostRoutes(app: HttpApp, parts: SidecarParts): void {
  const querystring = z.strictObject({
    table: z.string().describe(`A table with a column ${SOURCE}`),
  });
  app.get(
    "/get/post",
    {
      schema: {
        tags: ["rows"],
        summary: `One row of ${POSTS} that the table does not have yet`,
        querystring,
      },
    },
    async (request, reply) => {
      const { registry, access, database } = parts;
      const posts = registry.get(POSTS);
      if (posts === undefined)
        throw new HttpProblem("not_found", `There are no posts here: no table is called ${POSTS}.`);
      const table = registry.get(request.query.table);
      if (table === undefined) throw refused(noTable(registry, request.query.table));
      access.mayRead(request.principal, posts.name);
      access.mayRead(request.principal, table.name);
      if (!table.columns.has(SOURCE)) throw refused(`${table.name} has no column ${SOURCE}.`);
      const notIn = readNotIn(registry, posts, `${table.name}.${SOURCE}`);
      const { rows } = await askDatabase(database, (store) => readRows(store, posts, { limit: 1, notIn }));
      const [post] = rows;
      if (post === undefined)
        throw new HttpProblem("no_row", `${table.name} has a row of each post of ${POSTS}.`);
      return answerJson(request, reply, rowJson(posts, post));
    },
  );
}

function refused(detail: string): HttpProblem {
  return new HttpProblem("bad_request", detail, { members: { pointer: "/query/table" } });
}
