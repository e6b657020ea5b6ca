import { p } from "@mikro-orm/mysql";
import { defineTable } from "../define-table.ts";

/** Entries of RSS feeds (RSS 2.0 specification, elements of <item>); an older pubDate never replaces a newer one. */
export const table = defineTable({
  name: "feed",
  columns: {
    guid: p.string().length(512),
    title: p.text().nullable(),
    link: p.string().length(2048).nullable(),
    pubDate: p.datetime().nullable(),
    description: p.type("mediumtext").nullable(),
  },
  key: "guid",
  version: "pubDate",
  indexes: [{ name: "feed_pubDate_index", properties: "pubDate" }],
});
