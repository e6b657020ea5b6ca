import { OPERATIONS, type Operation, type TableDefinition, type Values } from "../tables/definition.ts";
import { pointerTo } from "./pointer.ts";
import { clip, listOf, quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import type { Change, Update } from "./update.ts";

/** Who may do what. Made by `readPolicy` only, so every name in it is known. */
export interface Policy {
  readonly principals: ReadonlyMap<string, Grants>;
  /** What messages that carry no principal may do: they were published to the topic directly, where IAM decides who may. */
  readonly topic: "all" | "none";
}

/** What one principal may do. */
export interface Grants {
  readonly tables: ReadonlyMap<string, TableGrant>;
  /** For the tables that are not named one by one. */
  readonly otherTables: TableGrant | undefined;
  /** Tables whose rows and definition may be read. */
  readonly read: ReadonlySet<string> | "all";
  /** May see, replay and discard dead letters. */
  readonly operator: boolean;
}

export interface TableGrant {
  readonly operations: ReadonlySet<Operation> | "all";
  /** Columns that `set`, `add` and `expect` may name; a row's key is part of every change and needs no grant. */
  readonly columns: ReadonlySet<string> | "all";
}

/**
 * Why the principal may not publish this update: the first missing grant, in the order of its changes. Undefined when it may.
 * Pure.
 */
export function refusalOf(policy: Policy, principal: string, update: Update): Rejection | undefined {
  const grants = policy.principals.get(principal);
  if (grants === undefined) return forbidden(noGrants(principal));
  for (const change of update.changes) {
    const refusal = changeRefusal(grants, principal, change);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Why the principal may not even ask, in a sentence: the policy does not name it. Undefined when it does. */
export function strangerRefusal(policy: Policy, principal: string): string | undefined {
  return policy.principals.has(principal) ? undefined : noGrants(principal);
}

/** Why the principal may not read this table's rows and definition, in a sentence; undefined when it may. */
export function readRefusal(policy: Policy, principal: string, table: string): string | undefined {
  const grants = policy.principals.get(principal);
  if (grants !== undefined && (grants.read === "all" || grants.read.has(table))) return undefined;
  return `${named(principal)} has no grant to read ${clip(table, 64)}.`;
}

/** Why the principal may not operate, in a sentence; undefined when it may. */
export function operatorRefusal(policy: Policy, principal: string): string | undefined {
  if (policy.principals.get(principal)?.operator === true) return undefined;
  return `${named(principal)} has no grant "operator: true", which dead letters need.`;
}

/** A rejection with the code `forbidden`. */
export function forbidden(message: string, where: Omit<Rejection, "code" | "message"> = {}): Rejection {
  return { code: "forbidden", rule: "grant", message, ...where };
}

function changeRefusal(grants: Grants, principal: string, change: Change): Rejection | undefined {
  const { table, op, pointer } = change;
  const grant = grants.tables.get(table.name) ?? grants.otherTables;
  if (grant === undefined) {
    const message = `${named(principal)} has no grant for the table ${table.name}.`;
    return forbidden(message, { pointer: `${pointer}/table`, table: table.name });
  }
  const { operations, columns } = grant;
  if (operations !== "all" && !operations.has(op)) {
    const granted = listOf([...operations], "operations");
    const message = `${named(principal)} has no grant for the operation ${op} on ${table.name} (granted: ${granted}).`;
    return forbidden(message, { pointer: `${pointer}/op`, table: table.name });
  }
  return columns === "all" ? undefined : columnRefusal(columns, principal, change);
}

const GROUPS = ["set", "add", "expect"] as const;

function columnRefusal(
  granted: ReadonlySet<string>,
  principal: string,
  change: Change,
): Rejection | undefined {
  const { table, pointer } = change;
  for (const group of GROUPS) {
    const column = strangerOf(granted, change[group], table);
    if (column !== undefined) {
      const message = `${named(principal)} has no grant for the column ${column} of ${table.name} (in ${group}).`;
      return forbidden(message, { pointer: pointerTo([group, column], pointer), table: table.name, column });
    }
  }
  return undefined;
}

function strangerOf(
  granted: ReadonlySet<string>,
  values: Values,
  { key }: TableDefinition,
): string | undefined {
  return Object.keys(values).find(
    (name) => !granted.has(name) && !key.some((column) => column.name === name),
  );
}

function noGrants(principal: string): string {
  return `${named(principal)} has no grants in the policy.`;
}

function named(principal: string): string {
  return `The principal ${quote(principal)}`;
}

/** The operations that a table's grant may name. */
export function grantable(table: TableDefinition | undefined): readonly Operation[] {
  return table === undefined ? OPERATIONS : OPERATIONS.filter((op) => table.operations.has(op));
}
