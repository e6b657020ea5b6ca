import type { EntitySchema } from "@mikro-orm/mysql";
import { definitionFault } from "./definition-fault.ts";

/** What the server does to a row when the row that it refers to goes away, or its key changes. */
export const REFERENCE_ACTIONS = ["restrict", "cascade", "set null", "no action"] as const;
export type ReferenceAction = (typeof REFERENCE_ACTIONS)[number];

/**
 * A foreign key by names: it needs no import of the other table, so that two tables may refer to each other, a table to
 * itself, and several columns to a key of several columns.
 */
export interface ForeignKeyOptions<Name extends string = string> {
  /** The constraint's name in the database; `<table>_<columns>_foreign` when not given. */
  readonly name?: string;
  readonly columns: Name | readonly Name[];
  /** The other table, or this one, and as many of its columns, which a key or an index begins with. */
  readonly references: { readonly table: string; readonly columns: string | readonly string[] };
  /** `restrict`, unless said: the server changes no row behind an update's back. */
  readonly onDelete?: ReferenceAction;
  readonly onUpdate?: ReferenceAction;
}

/** A foreign key with nothing left out. */
export interface ForeignKey {
  readonly name: string;
  readonly columns: readonly string[];
  readonly references: { readonly table: string; readonly columns: readonly string[] };
  readonly onDelete: ReferenceAction;
  readonly onUpdate: ReferenceAction;
}

/** MikroORM knows foreign keys of relations only, so they are kept beside its entities, by the entity's class. */
const DECLARED = new WeakMap<object, readonly ForeignKey[]>();

/** Fills in what is left out. Throws a TypeError when one can't be meant. */
export function completeForeignKeys(table: string, options: readonly ForeignKeyOptions[]): ForeignKey[] {
  return options.map(({ name, columns, references, onDelete = "restrict", onUpdate = "restrict" }) => {
    const own = [columns].flat();
    const others = [references.columns].flat();
    const called = name ?? `${table}_${own.join("_")}_foreign`;
    const fault = faultOf(called, own, others, [onDelete, onUpdate]);
    if (fault !== undefined) {
      throw definitionFault(table, undefined, `the foreign key over ${own.join(", ")} ${fault}`);
    }
    return {
      name: called,
      columns: own,
      references: { table: references.table, columns: others },
      onDelete,
      onUpdate,
    };
  });
}

function faultOf(
  name: string,
  own: readonly string[],
  others: readonly string[],
  actions: readonly string[],
): string | undefined {
  if (own.length === 0 || own.length !== others.length) {
    return "must name as many columns as it refers to, and at least one";
  }
  if (name.length > 64) return `needs a name of at most 64 characters, which ${name} is not`;
  const unknown = actions.find((action) => !REFERENCE_ACTIONS.includes(action as ReferenceAction));
  return unknown === undefined ? undefined : `can't ${unknown}; it is one of ${REFERENCE_ACTIONS.join(", ")}`;
}

/** Notes the foreign keys of an entity for {@link foreignKeysOf}. */
export function declareForeignKeys(entity: EntitySchema, foreignKeys: readonly ForeignKey[]): void {
  DECLARED.set(entity.meta.class, foreignKeys);
}

/** The foreign keys that a definition names, by its entity's class; without those of its relations. */
export function foreignKeysOf(entityClass: object): readonly ForeignKey[] {
  return DECLARED.get(entityClass) ?? [];
}

/** True when the server itself may change or delete a row of the table that has this foreign key. */
export function isCascading({ onDelete }: Pick<ForeignKey, "onDelete">): boolean {
  return onDelete === "cascade" || onDelete === "set null";
}
