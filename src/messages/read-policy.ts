import { z } from "zod";
import type { Operation, Registry, TableDefinition } from "../tables/definition.ts";
import { type Grants, grantable, type Policy, type TableGrant } from "./policy.ts";
import { nearest } from "./nearest.ts";
import { pointerTo } from "./pointer.ts";
import { principalOf } from "./principal.ts";
import { listOf, quote } from "./quote.ts";

/** A policy, or every fault at once: each a JSON pointer (RFC 6901) into the document and a sentence. */
export type ReadPolicy =
  | { readonly policy: Policy; readonly faults?: undefined }
  | { readonly policy?: undefined; readonly faults: readonly string[] };

/** Stands for all tables that are not named. */
const OTHERS = "*";

/**
 * Reads a policy document, as YAML or JSON gives it:
 * `{ version: 1, topic?, principals: { NAME: { tables?, read?, operator? } } }`, where `tables` holds
 * `{ operations, columns? }` by table name or `*`. Every table, column and operation must be one of the registry's, so that a
 * misspelt grant is found at the start. What is not granted is refused: absent means none. Pure.
 */
export function readPolicy(document: unknown, registry: Registry): ReadPolicy {
  const parsed = documentSchema(registry).safeParse(document);
  if (!parsed.success) return { faults: parsed.error.issues.flatMap((issue) => faultsOf(issue, registry)) };
  const { topic, principals } = parsed.data;
  const grants = Object.entries(principals).map(([name, one]) => [name, grantsOf(one)] as const);
  return { policy: { topic, principals: new Map(grants) } };
}

/** A principal's grants as they are written. */
interface Written {
  readonly tables: Readonly<Record<string, WrittenGrant | undefined>>;
  readonly read: readonly string[] | "all";
  readonly operator: boolean;
}
interface WrittenGrant {
  readonly operations: readonly string[] | "all";
  readonly columns: readonly string[] | "all";
}

function grantsOf({ tables, read, operator }: Written): Grants {
  const granted = new Map<string, TableGrant>();
  for (const [name, grant] of Object.entries(tables)) {
    if (grant !== undefined) granted.set(name, grantOf(grant));
  }
  const otherTables = granted.get(OTHERS);
  granted.delete(OTHERS);
  return { tables: granted, otherTables, read: read === "all" ? read : new Set(read), operator };
}

function grantOf({ operations, columns }: WrittenGrant): TableGrant {
  return {
    operations: operations === "all" ? operations : new Set(operations as readonly Operation[]),
    columns: columns === "all" ? columns : new Set(columns),
  };
}

function documentSchema(registry: Registry) {
  const tables = [...registry.keys()];
  const entries = [...registry.values()].map((table) => [table.name, grantSchema(table).optional()] as const);
  const grants = z.strictObject({
    tables: z
      .strictObject({ ...Object.fromEntries(entries), [OTHERS]: grantSchema(undefined).optional() })
      .default({}),
    read: listSchema(tables, "table").default([]),
    operator: z.boolean().default(false),
  });
  return z.strictObject({
    version: z.literal(1, { error: "must be 1, the only version there is" }),
    topic: z.enum(["all", "none"], { error: "must be all or none" }).default("all"),
    principals: z.record(
      z.string().refine((name) => principalOf(name) !== undefined),
      grants,
    ),
  });
}

/** For a table, or for all the others: these have no columns in common, so of them only all can be granted, or none. */
function grantSchema(table: TableDefinition | undefined) {
  const columns =
    table === undefined
      ? z.union([z.literal("all"), z.tuple([])], { error: 'must be "all", or absent, which is none' })
      : listSchema([...table.columns.keys()], `column of ${table.name}`);
  const what = table === undefined ? "operation" : `operation that ${table.name} allows`;
  return z.strictObject({ operations: listSchema(grantable(table), what), columns: columns.default([]) });
}

function listSchema(known: readonly string[], what: string) {
  return z
    .union([z.literal("all"), z.array(z.string())], { error: 'must be "all" or a list' })
    .superRefine((names, context) => {
      if (names === "all") return;
      for (const [at, name] of names.entries()) {
        if (known.includes(name)) continue;
        const message = `there is no ${what} ${quote(name)}; ${advice(name, known)}`;
        context.addIssue({ code: "custom", path: [at], message });
      }
    });
}

function advice(written: string, known: readonly string[]): string {
  const near = nearest(written, known);
  return near === undefined ? `known: ${listOf(known, "names")}` : `did you mean ${near}?`;
}

const NO_NAME = "a principal has 1 to 255 printable ASCII characters, and no space at either end";
const MEMBERS = ["version", "topic", "principals", "tables", "read", "operator", "operations", "columns"];

function faultsOf(issue: z.core.$ZodIssue, registry: Registry): string[] {
  if (issue.code !== "unrecognized_keys") {
    const text = issue.code === "invalid_key" ? NO_NAME : issue.message;
    return [`${pointerTo(issue.path) || "/"}: ${text}`];
  }
  const amongTables = issue.path.length === 3 && issue.path[2] === "tables";
  const known = amongTables ? [...registry.keys()] : MEMBERS;
  return issue.keys.map((name) => {
    const where = pointerTo([...issue.path, name]);
    return `${where}: there is no ${amongTables ? "table" : "member"} ${quote(name)}; ${advice(name, known)}`;
  });
}
