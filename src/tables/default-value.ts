import { type EntityProperty, isRaw } from "@mikro-orm/mysql";
import type { Value } from "./definition.ts";
import { Fault } from "./fault.ts";
import type { Kind } from "./kinds/kind.ts";
import { parseJson } from "./parse-json.ts";

/** Expression defaults whose value is known: JSON columns can't have literal ones on MySQL. */
const EMPTY_JSON = /^\(*json_(array|object)\(\)\)*$/i;

/**
 * The canonical default of a column that an insert leaves out: undefined when there is none or only the server can
 * tell, a Fault when the column can't hold it.
 */
export function defaultOf(kind: Kind, meta: EntityProperty, nullable: boolean): Value | undefined | Fault {
  const given: unknown = meta.default;
  if (given === undefined && meta.defaultRaw === undefined) {
    return nullable ? null : undefined;
  }
  if (given === undefined || isRaw(given)) {
    return fromExpression(kind, isRaw(given) ? given.sql : String(meta.defaultRaw));
  }
  if (given === null) {
    return nullable ? null : new Fault("not_null", "must not be null");
  }
  if (kind.kind === "json" && typeof given === "string") {
    const value = parseJson(given);
    return value instanceof Fault ? value : kind.check(value);
  }
  return kind.check(given instanceof Date ? given.toISOString() : given);
}

function fromExpression(kind: Kind, expression: string): Value | undefined {
  const json = EMPTY_JSON.exec(expression.replaceAll(" ", ""));
  if (kind.kind === "json" && json !== null) {
    return json[1]?.toLowerCase() === "array" ? "[]" : "{}";
  }
  return undefined;
}
