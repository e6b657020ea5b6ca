import type { JsonSchema } from "../../messages/share-columns.ts";
import type { Column, ColumnKind, Registry } from "../../tables/definition.ts";
import { componentName } from "./component-name.ts";
import { ref } from "./description.ts";

/** Rows as they are read, by component: each table's, any of them, and a page. */
export function rowSchemas(registry: Registry): Record<string, JsonSchema> {
  const tables = [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = tables.map(({ name, columns }) => {
    const properties = [...columns.values()].map((column) => [column.name, valueSchema(column)] as const);
    const schema: JsonSchema = {
      type: "object",
      title: `A row of ${name}`,
      properties: Object.fromEntries(properties),
      required: properties.map(([column]) => column),
      additionalProperties: false,
    };
    return [componentName("Row", name), schema] as const;
  });
  const page = {
    type: "object",
    properties: {
      rows: { type: "array", items: ref("Row") },
      next: { type: "string", description: "`after` of the next page; not there on the last one" },
    },
    required: ["rows"],
    additionalProperties: false,
  };
  return {
    ...Object.fromEntries(rows),
    Row: { anyOf: rows.map(([name]) => ref(name)) },
    RowPage: page,
  };
}

function valueSchema({ kind, nullable, sqlType }: Column): JsonSchema {
  const { type, ...rest } = SHAPES[kind];
  const types = type === undefined ? {} : { type: nullable ? [type, "null"] : type };
  return { ...types, ...rest, description: sqlType };
}

const TEXT = { type: "string" };
/** As `valueJson` writes them. */
const SHAPES: Readonly<Record<ColumnKind, { readonly type?: string; readonly [more: string]: unknown }>> = {
  integer: { type: "integer" },
  bigint: { type: "string", pattern: "^-?[0-9]+$" },
  decimal: { type: "string", pattern: "^-?[0-9]+(\\.[0-9]+)?$" },
  float: { type: "number" },
  double: { type: "number" },
  boolean: { type: "boolean" },
  string: TEXT,
  binary: { type: "string", contentEncoding: "base64" },
  date: TEXT,
  datetime: { type: "string", format: "date-time" },
  time: TEXT,
  year: { type: "integer" },
  enum: TEXT,
  set: TEXT,
  json: {},
};
