import { p } from "@mikro-orm/mysql";
import { defineTable } from "../define-table.ts";

/** Customers, each under the id that the publisher gives it. */
export const table = defineTable({
  name: "customers",
  columns: {
    customerID: p.string().length(64),
    firstName: p.string().length(255).nullable(),
    lastName: p.string().length(255).nullable(),
  },
  key: "customerID",
});
