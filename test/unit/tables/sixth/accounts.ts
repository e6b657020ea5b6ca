import { p } from "@mikro-orm/mysql";
import { z } from "zod";
import { defineTable } from "../../../../src/tables/define-table.ts";

/** A sixth table: this file is all that it takes. */
export const table = defineTable({
  name: "accounts",
  columns: {
    id: p.bigint().autoincrement(false),
    owner: p.string().length(64),
    email: p.string().length(255).nullable(),
    balance: p.decimal().precision(18).scale(2).default("0"),
    status: p.enum(["open", "closed"]).default("open"),
    details: p.json().nullable(),
    changed_at: p.datetime(6).nullable(),
    owner_key: p.string().length(64).generated("(lower(`owner`)) stored"),
    created_at: p.datetime().defaultRaw("current_timestamp"),
  },
  key: "id",
  version: "changed_at",
  rules: { email: z.email(), balance: z.string().regex(/^\d/, "must not be negative") },
  readOnly: ["created_at"],
  uniques: [{ name: "accounts_email_unique", properties: "email" }],
});
