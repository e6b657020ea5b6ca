import { isRaw } from "@mikro-orm/mysql";
import type { Discovered, EntityOptions } from "./discover.ts";

/**
 * The columns whose values the server judges: those of unique indexes, foreign keys and checks, and those from which a
 * generated column among them is computed. Expressions are searched for the columns' names, so this errs on the side
 * of too many.
 */
export function constrainedColumns(
  options: EntityOptions,
  discovered: Omit<Discovered, "entity">,
): ReadonlySet<string> {
  const names = Object.keys(options.columns);
  const constrained = new Set<string>();
  const add = (found: Iterable<string>) => {
    for (const name of found) {
      constrained.add(name);
    }
  };
  for (const unique of options.uniques) {
    add([unique.properties ?? []].flat());
    add(mentioned(names, unique.expression ?? ""));
  }
  for (const check of discovered.checks) {
    add(check.property === undefined ? [] : [check.property]);
    add(mentioned(names, check.expression));
  }
  for (const { columns } of options.foreignKeys) add(columns);
  for (const [name, { meta }] of discovered.properties) {
    if (meta.unique || meta.kind !== "scalar") {
      add([name]);
    }
  }
  // a generated column may be computed from another one that stands before it
  for (const [name, { meta }] of [...discovered.properties].reverse()) {
    if (constrained.has(name) && meta.generated !== undefined) {
      add(mentioned(names, isRaw(meta.generated) ? meta.generated.sql : String(meta.generated)));
    }
  }
  return constrained;
}

function mentioned(names: readonly string[], expression: string): string[] {
  const text = expression.toLowerCase();
  const words = new Set(text.match(/[0-9a-z$_\u0080-\uffff]+/g) ?? []);
  const isOneWord = /^[0-9a-z$_\u0080-\uffff]+$/;
  return names.filter((name) => {
    const lower = name.toLowerCase();
    return isOneWord.test(lower) ? words.has(lower) : text.includes(lower.replaceAll("`", "``"));
  });
}
