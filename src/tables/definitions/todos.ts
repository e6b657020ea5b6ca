import { p } from "@mikro-orm/mysql";
import { defineTable } from "../define-table.ts";

/** Things to do; the server numbers those that come without an id. */
export const table = defineTable({
  name: "todos",
  columns: {
    id: p.integer().autoincrement(),
    completed: p.boolean().default(false),
    description: p.text(),
    due_date: p.datetime().nullable(),
  },
  key: "id",
});
