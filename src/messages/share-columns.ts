/** A JSON Schema 2020-12 object. */
export type JsonSchema = Record<string, unknown>;

const GROUPS = ["key", "set", "add", "expect"];

/**
 * The JSON Schema of a table's changes, with what it says of each column moved to `$defs`: the operations repeat it. A
 * column's definition has its name; where a group says something else of it, the group's name before that.
 */
export function shareColumns(schema: JsonSchema): JsonSchema {
  const defs: JsonSchema = {};
  const branches = Array.isArray(schema["oneOf"]) ? (schema["oneOf"] as JsonSchema[]) : [];
  const oneOf = branches.map((branch) => {
    const properties = Object.entries(objectIn(branch, "properties")).map(([group, words]) => [
      group,
      GROUPS.includes(group) ? sharedGroup(group, words as JsonSchema, defs) : words,
    ]);
    return { ...branch, properties: Object.fromEntries(properties) };
  });
  return branches.length === 0 ? schema : { ...schema, oneOf, $defs: defs };
}

function sharedGroup(group: string, words: JsonSchema, defs: JsonSchema): JsonSchema {
  const properties = Object.entries(objectIn(words, "properties")).map(([column, value]) => {
    const name = [column, `${group}.${column}`].find((candidate) => isFree(candidate, value, defs));
    if (name === undefined) {
      return [column, value];
    }
    defs[name] = value;
    return [
      column,
      { $ref: `#/$defs/${encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"))}` },
    ];
  });
  return { ...words, properties: Object.fromEntries(properties) };
}

/** No definition has the name, or one that says the same. */
function isFree(name: string, value: unknown, defs: JsonSchema): boolean {
  return !Object.hasOwn(defs, name) || JSON.stringify(defs[name]) === JSON.stringify(value);
}

function objectIn(schema: JsonSchema, name: string): JsonSchema {
  return (schema[name] ?? {}) as JsonSchema;
}
