import { LosslessNumber } from "../tables/lossless-number.ts";

/** What a JSON text holds; a number that a double cannot keep is a {@link LosslessNumber}. */
export type JsonValue = null | boolean | number | string | LosslessNumber | JsonValue[] | JsonObject;

/** Members are own properties whatever their names are, `__proto__` too. */
export interface JsonObject {
  [name: string]: JsonValue;
}

/** True for a JSON object; not for an array, a null or a {@link LosslessNumber}. */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber)
  );
}

/** The object's own member of that name; undefined when it has none, whatever its prototype has. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
