import type { Registry, TableDefinition } from "../tables/definition.ts";
import { AVRO_SCHEMA_TEXT } from "./avro-schema.ts";
import type { JsonSchema } from "./share-columns.ts";
import { shareColumns } from "./share-columns.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/**
 * The printed contract, file name → text: `update.schema.json`, the envelope, `update.avsc`, the Avro schema that a topic may
 * carry, and `tables/<table>.schema.json`, one change of each table. JSON Schema 2020-12; references and `$id`s are
 * relative, so that the folder works where it lies. `mostChanges` is the limit of changes that the contract states.
 */
export function printSchemas(registry: Registry, mostChanges: number): Map<string, string> {
  const tables = [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = new Map([
    ["update.schema.json", print(envelope(tables, mostChanges))],
    ["update.avsc", AVRO_SCHEMA_TEXT],
  ]);
  for (const table of tables) {
    files.set(fileOf(table), print(changeOf(table)));
  }
  return files;
}

function fileOf(table: TableDefinition): string {
  return `tables/${stemOf(table)}.schema.json`;
}

/** The table's name, with what no file's name may hold on some system, or what means something in a URI, percent-encoded. */
function stemOf({ name }: TableDefinition): string {
  const plain = name.replaceAll(/[\u0001-\u001f"#%*/:<>?\\|\u007f]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return plain.startsWith(".") ? `%2E${plain.slice(1)}` : plain;
}

function changeOf(table: TableDefinition): JsonSchema {
  const { $schema: _, ...schema } = shareColumns(table.jsonSchema());
  return { $schema: DIALECT, $id: encodeURI(`${stemOf(table)}.schema.json`), ...schema };
}

function envelope(tables: readonly TableDefinition[], mostChanges: number): JsonSchema {
  return {
    $schema: DIALECT,
    $id: "update.schema.json",
    title: "An update",
    description:
      "One change alone, or several that take effect together or not at all. The data of a Pub/Sub message, or the data of a CloudEvent.",
    oneOf: [
      { $ref: "#/$defs/change" },
      {
        type: "object",
        properties: {
          changes: {
            type: "array",
            description:
              "The changes in the order in which they are made; MAX_CHANGES sets how many there may be.",
            items: { $ref: "#/$defs/change" },
            minItems: 1,
            maxItems: mostChanges,
          },
        },
        required: ["changes"],
        additionalProperties: false,
      },
    ],
    $defs: {
      change: {
        title: "A change of one row",
        oneOf: tables.map((table) => ({ $ref: encodeURI(fileOf(table)) })),
      },
    },
  };
}

function print(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
