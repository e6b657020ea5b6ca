import { p } from "@mikro-orm/mysql";
import { defineTable } from "../define-table.ts";

const list = () => p.json().defaultRaw("(json_array())");
const count = () => p.integer().unsigned().default(0);
const flag = () => p.boolean().default(false);

/** Posts as Mastodon's API gives them (Mastodon documentation, "Status"), under their 64-bit ids. */
export const table = defineTable({
  name: "toots",
  columns: {
    id: p.bigint().unsigned().autoincrement(false),
    created_at: p.datetime(3).nullable(),
    in_reply_to_id: p.bigint().unsigned().nullable(),
    in_reply_to_account_id: p.bigint().unsigned().nullable(),
    sensitive: flag(),
    spoiler_text: p.text().nullable(),
    visibility: p.string().length(32).nullable(),
    language: p.string().length(35).nullable(),
    uri: p.string().length(2048).nullable(),
    url: p.string().length(2048).nullable(),
    site_url: p.string().length(512).nullable(),
    replies_count: count(),
    reblogs_count: count(),
    favourites_count: count(),
    favourited: flag(),
    reblogged: flag(),
    muted: flag(),
    bookmarked: flag(),
    pinned: flag(),
    content: p.type("mediumtext").nullable(),
    filtered: list(),
    reblog: p.json().nullable(),
    application: p.json().nullable(),
    account: p.json().nullable(),
    media_attachments: list(),
    mentions: list(),
    tags: list(),
    emojis: list(),
    card: p.json().nullable(),
    poll: p.json().nullable(),
  },
  key: "id",
  indexes: [{ name: "toots_site_url_index", properties: "site_url" }],
});
