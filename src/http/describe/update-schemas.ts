import type { JsonSchema } from "../../messages/share-columns.ts";
import { shareColumns } from "../../messages/share-columns.ts";
import type { Registry, TableDefinition } from "../../tables/definition.ts";
import { componentName } from "./component-name.ts";
import { ref } from "./description.ts";

/** What is published, by component: an update, as an item with its key, as a list, as a CloudEvent; and a row of any table. */
export function updateSchemas(registry: Registry, mostChanges: number, batchItems: number) {
  const tables = [...registry.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const changes = tables.map((table) => [componentName("Change", table.name), changeOf(table)] as const);
  const rows = tables.map((table) => [componentName("FlatRow", table.name), flatRowOf(table)] as const);
  const update = { oneOf: [ref("AnyChange"), ref("ChangeList")] };
  return {
    ...Object.fromEntries(changes),
    ...Object.fromEntries(rows),
    AnyChange: {
      description: "A change of one row",
      oneOf: changes.map(([name]) => ref(name)),
    },
    ChangeList: {
      type: "object",
      description: "Changes that take effect together or not at all, in their order",
      properties: {
        changes: {
          type: "array",
          items: { allOf: [ref("AnyChange")], unevaluatedProperties: false },
          minItems: 1,
          maxItems: mostChanges,
        },
      },
      required: ["changes"],
    },
    Update: { description: "An update", ...update, unevaluatedProperties: false },
    Item: {
      description: "An update, with its idempotency key or without",
      ...update,
      properties: { idempotencyKey: { type: "string", minLength: 1, maxLength: 255 } },
      unevaluatedProperties: false,
    },
    CloudEvent: cloudEvent(),
    ItemList: itemList(batchItems),
    FlatRow: { anyOf: rows.map(([name]) => ref(name)) },
  } satisfies Record<string, JsonSchema>;
}

/** The printed schema of a table's changes; whoever refers to it closes it, so that an item's key may stand beside. */
function changeOf(table: TableDefinition): JsonSchema {
  const { $schema: _, oneOf, ...schema } = shareColumns(table.jsonSchema());
  const open = (oneOf as Branch[]).map(({ additionalProperties: _closed, ...branch }) => oneGroup(branch));
  return relocated({ ...schema, oneOf: open }, componentName("Change", table.name));
}

/** A choice among one group, as of an update that can only set, is none. */
function oneGroup({ anyOf, ...branch }: Branch): JsonSchema {
  const [only, ...others] = anyOf ?? [];
  const [group] = only?.required ?? [];
  if (group === undefined) return branch;
  if (others.length > 0) return { ...branch, anyOf };
  const properties = { ...branch.properties, [group]: { ...branch.properties[group], minProperties: 1 } };
  return { ...branch, properties, required: [...(branch.required ?? []), group] };
}

/** Key and columns side by side, as `POST /update/{table}` takes them. */
function flatRowOf(table: TableDefinition): JsonSchema {
  const { oneOf } = shareColumns(table.jsonSchema());
  const upsert = (oneOf as Branch[]).find(({ properties }) => properties["op"]?.const === "upsert");
  const { key, set } = upsert?.properties ?? {};
  const schema = {
    type: "object",
    title: `A row of ${table.name}`,
    properties: { ...key?.properties, ...set?.properties },
    required: key?.required ?? [],
    additionalProperties: false,
  };
  return relocated(schema, componentName("Change", table.name));
}

/** One operation of a table's changes. */
interface Branch extends JsonSchema {
  readonly properties: Readonly<Record<string, Group | undefined>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly { readonly required: readonly string[] }[];
}

interface Group {
  readonly const?: string;
  readonly properties?: JsonSchema;
  readonly required?: readonly string[];
}

/** References to a table's columns, as they are from anywhere in the document. */
function relocated(schema: JsonSchema, component: string): JsonSchema {
  const text = JSON.stringify(schema);
  return JSON.parse(
    text.replaceAll('"$ref":"#/$defs/', `"$ref":"#/components/schemas/${component}/$defs/`),
  ) as JsonSchema;
}

function cloudEvent(): JsonSchema {
  const text = { type: "string", minLength: 1 };
  return {
    type: "object",
    description: "An update as a CloudEvent 1.0 in structured mode; its source and id name it",
    properties: {
      specversion: { const: "1.0" },
      id: text,
      source: text,
      type: text,
      data: ref("Update"),
      data_base64: { type: "string", description: "The update's JSON in Base64, in place of `data`" },
    },
    required: ["specversion", "id", "source", "type"],
  };
}

function itemList(batchItems: number): JsonSchema {
  return {
    type: "object",
    description: "Updates, each on its own",
    properties: {
      updates: {
        type: "array",
        items: { anyOf: [ref("Item"), ref("CloudEvent")] },
        minItems: 1,
        maxItems: batchItems,
      },
    },
    required: ["updates"],
    additionalProperties: false,
  };
}
