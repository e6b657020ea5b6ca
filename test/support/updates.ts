import { hash } from "node:crypto";
import { rowId } from "../../src/messages/row-id.ts";
import type { Change, Decoded, Fingerprint, IdempotencyKey, Update } from "../../src/messages/update.ts";
import type { Operation, TableDefinition } from "../../src/tables/definition.ts";

/** The groups of a change as a publisher writes them. */
export interface Groups {
  readonly key?: Record<string, unknown>;
  readonly set?: Record<string, unknown>;
  readonly add?: Record<string, unknown>;
  readonly expect?: Record<string, unknown>;
}

/** A change that went through its table's own schema. */
export function change(table: TableDefinition, op: Operation, groups: Groups, pointer = ""): Change {
  const schema = table.changes.get(op);
  if (schema === undefined) throw new Error(`${table.name} does not allow ${op}`);
  const { key, set = {}, add = {}, expect = {} } = schema.parse({ table: table.name, op, ...groups });
  return { table, op, row: key && rowId(table, key), key: key ?? {}, set, add, expect, pointer };
}

/** An update of these changes. */
export function update(...changes: readonly Change[]): Update {
  return { changes };
}

let messages = 0;

/** As the decoder would give it; the fingerprint depends on the changes only. */
export function decoded(key: string, ...changes: readonly Change[]): Decoded {
  messages += 1;
  const data = Buffer.from(JSON.stringify(changes.map(plain), bigints));
  return {
    key: key as IdempotencyKey,
    fingerprint: hash("sha256", data, "hex") as Fingerprint,
    message: {
      data,
      attributes: { "idempotency-key": key },
      messageId: String(messages),
      publishedAt: new Date(),
    },
    update: { changes },
  };
}

function plain({ table, op, key, set, add, expect }: Change) {
  return { table: table.name, op, key, set, add, expect };
}

function bigints(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
