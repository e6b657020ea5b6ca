import { z } from "zod";
import type { ColumnKind } from "./definition.ts";
import type { JsonSchema } from "./kinds/kind.ts";

/** Kinds whose canonical value is also a JSON value that may come on the wire, so that a rule's schema fits both. */
const SAME_ON_THE_WIRE: ReadonlySet<ColumnKind> = new Set([
  "integer",
  "float",
  "double",
  "boolean",
  "string",
  "binary",
  "date",
  "year",
  "enum",
] satisfies ColumnKind[]);

export interface ColumnWords {
  readonly kind: ColumnKind;
  readonly sqlType: string;
  readonly nullable: boolean;
  readonly comment: string | undefined;
  readonly rule: z.ZodType | undefined;
}

/** The JSON Schema of a column's value on the wire: its kind's, its rule's where both speak of one form, and null. */
export function columnSchema(schema: JsonSchema, words: ColumnWords): JsonSchema {
  const { description, ...plain } = schema;
  const judged =
    words.rule === undefined || !SAME_ON_THE_WIRE.has(words.kind) ? plain : ruled(plain, words.rule);
  const comment = words.comment === undefined ? "" : `${words.comment}: `;
  return {
    ...(words.nullable ? orNull(judged) : notNull(judged)),
    description: `${comment}${words.sqlType}${typeof description === "string" ? `, ${description}` : ""}`,
  };
}

function orNull(schema: JsonSchema): JsonSchema {
  if (Object.keys(schema).length === 0) {
    return schema;
  }
  const branches = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [schema];
  return { anyOf: [...branches, { type: "null" }] };
}

function notNull(schema: JsonSchema): JsonSchema {
  return Object.keys(schema).length === 0 ? { not: { type: "null" } } : schema;
}

/** Puts the rule's schema beside the branch of the same JSON type; other spellings of the value it can't judge. */
function ruled(schema: JsonSchema, rule: z.ZodType): JsonSchema {
  const { $schema: _, format, ...judge } = z.toJSONSchema(rule, { io: "input", unrepresentable: "any" });
  if (format !== undefined && judge.pattern === undefined) {
    judge["format"] = format; // else the pattern says the same, and every validator knows patterns
  }
  const branches = schema["anyOf"];
  if (Array.isArray(branches)) {
    return { anyOf: branches.map((branch: JsonSchema) => beside(branch, judge)) };
  }
  return beside(schema, judge);
}

function beside(branch: JsonSchema, judge: JsonSchema): JsonSchema {
  const { type } = branch;
  const narrower = type === "number" && judge["type"] === "integer" ? "integer" : type;
  const same =
    type === judge["type"] || narrower !== type || (type === "integer" && judge["type"] === "number");
  return same ? { ...branch, allOf: [{ ...judge, type: narrower }] } : branch;
}
