import { p } from "@mikro-orm/mysql";
import { defineTable } from "../define-table.ts";

/** Channels of RSS feeds (RSS 2.0 specification, elements of <channel>) and when each was last built. */
export const table = defineTable({
  name: "builds",
  columns: {
    link: p.string().length(512),
    title: p.text().nullable(),
    description: p.text().nullable(),
    generator: p.string().length(255).nullable(),
    language: p.string().length(35).nullable(),
    copyright: p.text().nullable(),
    lastBuildDate: p.datetime().nullable(),
    atom_link_href: p.string().length(2048).nullable(),
    atom_link_rel: p.string().length(255).nullable(),
    atom_link_type: p.string().length(255).nullable(),
  },
  key: "link",
  version: "lastBuildDate",
});
