import { z } from "zod";
import { OPERATIONS } from "../../tables/definition.ts";
import { json, ref, type RouteDescriptions } from "./description.ts";
import { ETAG, UNCHANGED } from "./conditional.ts";

const column = z.strictObject({
  name: z.string(),
  type: z.string().describe("The full SQL type"),
  nullable: z.boolean(),
  optional: z.boolean().describe("A row may be inserted without it"),
  default: z.unknown().describe("Only there when it is known without the server").optional(),
  readOnly: z.boolean(),
  generated: z.boolean(),
  autoIncrement: z.boolean(),
  indexed: z.boolean().describe("Rows may be asked for by its value"),
});
const table = {
  name: z.string(),
  key: z.array(z.string()),
  operations: z.array(z.enum(OPERATIONS)),
  version: z.string().nullable().describe("The column that tells a newer change from an older one"),
  columns: z.array(column),
};

export const TABLE_SCHEMAS = {
  Tables: z.strictObject({ tables: z.array(z.strictObject(table)) }),
  Table: z.strictObject({
    ...table,
    schema: z.record(z.string(), z.unknown()).describe("JSON Schema 2020-12 of a change of this table"),
  }),
} as const;

const ROW = { customerID: "c-42", firstName: "Ada", lastName: "Lovelace" };
const COLUMN = {
  name: "customerID",
  type: "varchar(64)",
  nullable: false,
  optional: false,
  readOnly: false,
  generated: false,
  autoIncrement: false,
  indexed: true,
};
const TABLE = {
  name: "customers",
  key: ["customerID"],
  operations: [...OPERATIONS],
  version: null,
  columns: [COLUMN],
};
const READING = ["not_found", "forbidden", "no_database", "database_unavailable"] as const;

/** Tables, and the rows in them. */
export const ROWS: RouteDescriptions = {
  "GET /tables": {
    operationId: "listTables",
    answers: {
      200: {
        description: "Those that the caller may read",
        headers: ETAG,
        content: json(ref("Tables"), { tables: { summary: "One table", value: { tables: [TABLE] } } }),
      },
      304: UNCHANGED,
    },
  },
  "GET /tables/:table": {
    operationId: "readTable",
    answers: {
      200: { description: "The table", headers: ETAG, content: json(ref("Table")) },
      304: UNCHANGED,
    },
    problems: ["not_found", "forbidden"],
  },
  "GET /tables/:table/rows": {
    operationId: "listRows",
    parameters: [
      {
        name: "columns",
        in: "query",
        description:
          "Indexed columns and the values that the rows hold, each a parameter of its own: `site_url=https://e.org`; or `column.limit=7` where a column is called like another parameter",
        schema: { type: "object", additionalProperties: { type: "string" } },
        style: "form",
        explode: true,
      },
    ],
    answers: {
      200: {
        description: "A page of rows, by key",
        headers: { ...ETAG, Link: "The next page (RFC 8288), when there is one" },
        content: json(ref("RowPage"), { page: { summary: "The only page", value: { rows: [ROW] } } }),
      },
      304: UNCHANGED,
    },
    problems: READING,
  },
  "GET /tables/:table/rows/:key": {
    operationId: "readRow",
    answers: {
      200: {
        description: "The row",
        headers: ETAG,
        content: json(ref("Row"), { customer: { summary: "A row of customers", value: ROW } }),
      },
      304: UNCHANGED,
    },
    problems: [...READING, "no_row"],
  },
  "GET /get/post": {
    operationId: "readNextPost",
    answers: {
      200: { description: "The first such row, by key", headers: ETAG, content: json(ref("Row")) },
      304: UNCHANGED,
    },
    problems: [...READING, "no_row"],
  },
};
