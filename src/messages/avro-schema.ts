import { OPERATIONS } from "../tables/definition.ts";

/** How a topic's schema writes messages: as Avro JSON, or as Avro binary. */
export const AVRO_ENCODINGS = ["JSON", "BINARY"] as const;
export type AvroEncoding = (typeof AVRO_ENCODINGS)[number];

/** The groups of a change, in the order of the schema. */
export const AVRO_GROUPS = ["key", "set", "add", "expect"] as const;

/** The branches of a column's value, in the order of the schema; Avro JSON names a record by its full name. */
export const AVRO_BRANCHES = [
  "null",
  "boolean",
  "long",
  "double",
  "string",
  "bytes",
  "rowpost.Json",
] as const;

const GROUP_DOCS: Readonly<Record<(typeof AVRO_GROUPS)[number], string>> = {
  key: "All columns of the row's key; null when the server numbers the rows.",
  set: "Columns to write. One that is not in the map stays as it is, one that is null becomes NULL.",
  add: "By how much numeric columns grow or shrink, exactly.",
  expect: "Columns that must hold these values before the change, else the update is rejected.",
};

const JSON_DOC =
  "Any JSON value by its text: objects and arrays, as for columns of type JSON, and numbers that neither long nor double holds digit for digit.";

const VALUE_DOC =
  "A value means what plain JSON would say: null is NULL; long and double are numbers (a double by its shortest digits; NaN and infinities are refused); string is a text, also of decimals, of integers beyond 64 bits, of dates and times; bytes are the Base64 text of binary columns; Json is any other JSON value.";

/**
 * The Avro schema that a topic of updates may carry (Apache Avro 1.11 specification). Every update has one form in it, and
 * decodes to the plain JSON that it was made from, so that its fingerprint is the same.
 */
export const AVRO_SCHEMA = {
  type: "record",
  name: "Update",
  namespace: "rowpost",
  doc: "One change alone, or several that take effect together or not at all.",
  fields: [
    {
      name: "alone",
      doc: "The one change was written without a list around it. Only tells the JSON pointers of rejections; false is always right.",
      type: "boolean",
      default: false,
    },
    {
      name: "changes",
      doc: "In the order in which they are made.",
      type: { type: "array", items: changeRecord() },
    },
  ],
} as const;

/** The schema as it is printed to `schemas/update.avsc` and given to the broker. */
export const AVRO_SCHEMA_TEXT = `${JSON.stringify(AVRO_SCHEMA, null, 2)}\n`;

function changeRecord() {
  return {
    type: "record",
    name: "Change",
    doc: "One operation on one row of one table.",
    fields: [
      { name: "table", doc: "The name of a table definition.", type: "string" },
      {
        name: "op",
        doc: "insert: the row must not exist; update: it must; upsert: either; delete.",
        type: { type: "enum", name: "Operation", symbols: OPERATIONS },
      },
      ...AVRO_GROUPS.map((name, at) => ({
        name,
        doc: groupDoc(name, at),
        type: groupType(at),
        default: null,
      })),
    ],
  };
}

function groupDoc(name: (typeof AVRO_GROUPS)[number], at: number): string {
  return at === 0 ? `${GROUP_DOCS[name]} ${VALUE_DOC}` : GROUP_DOCS[name];
}

/** The first group defines the record of the values, the others name it. */
function groupType(at: number) {
  const json = { type: "record", name: "Json", doc: JSON_DOC, fields: [{ name: "text", type: "string" }] };
  const last = at === 0 ? json : AVRO_BRANCHES[6];
  return ["null", { type: "map", values: [...AVRO_BRANCHES.slice(0, 6), last] }];
}
