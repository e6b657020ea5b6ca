import { isDeepStrictEqual } from "node:util";

/** What a live schema is to the wanted one: the same text, the same but for its words, another form of it, another one. */
export type SchemaRelation = "same" | "same but for words" | "other form" | "other";

/** Compares two definitions in Avro by what they say, whatever their spaces. The wanted one is a record. */
export function relationOf(live: string, wanted: string): SchemaRelation {
  const ours = parsed(wanted);
  const theirs = parsed(live);
  if (isDeepStrictEqual(theirs, ours)) return "same";
  if (isDeepStrictEqual(withoutWords(theirs), withoutWords(ours))) return "same but for words";
  return recordName(theirs) === recordName(ours) ? "other form" : "other";
}

/** The full name of the record that a definition defines, for sentences; `no record` for anything else. */
export function recordOf(definition: string): string {
  return recordName(parsed(definition)) ?? "no record";
}

/** Protocol Buffers and other text that is no JSON are undefined. */
function parsed(definition: string): unknown {
  try {
    return JSON.parse(definition);
  } catch {
    return undefined;
  }
}

function recordName(schema: unknown): string | undefined {
  if (typeof schema !== "object" || schema === null) return undefined;
  const { type, name, namespace } = schema as Readonly<Record<string, unknown>>;
  if (type !== "record" || typeof name !== "string") return undefined;
  return typeof namespace === "string" && !name.includes(".") ? `${namespace}.${name}` : name;
}

function withoutWords(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutWords);
  if (typeof schema !== "object" || schema === null) return schema;
  const members = Object.entries(schema).filter(([name]) => name !== "doc");
  return Object.fromEntries(members.map(([name, value]) => [name, withoutWords(value)]));
}
