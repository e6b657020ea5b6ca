import type { Discovered, EntityOptions } from "./discover.ts";

/**
 * The columns by whose value rows are found through an index: the first ones of the key, of unique indexes, of indexes and
 * of foreign keys (InnoDB makes an index for each). An index over an expression is none of a column.
 */
export function indexedColumns(
  { key, indexes, uniques, foreignKeys }: Omit<EntityOptions, "opaque" | "comment">,
  { properties }: Pick<Discovered, "properties">,
): ReadonlySet<string> {
  const indexed = new Set(key.slice(0, 1));
  for (const { properties: names, expression } of [...indexes, ...uniques]) {
    const [first] = [names ?? []].flat();
    if (first !== undefined && expression === undefined) indexed.add(first);
  }
  for (const {
    columns: [first],
  } of foreignKeys)
    if (first !== undefined) indexed.add(first);
  for (const [name, { meta }] of properties) {
    if (isSet(meta.index) || isSet(meta.unique) || meta.kind !== "scalar") indexed.add(name);
  }
  return indexed;
}

/** MikroORM's `index` and `unique` are true, or the index's name. */
function isSet(option: unknown): boolean {
  return option !== undefined && option !== false;
}
