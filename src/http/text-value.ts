import type { Column, Value } from "../tables/definition.ts";

/** A value, or why the text is none. */
export type ReadValue =
  | { readonly value: Value; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: string };

/**
 * A column's value from a URL's text: a boolean is `true` or `false`, numbers are digits, times and bytes are as in an
 * update. Text is taken as it is: what no row can hold is found in none.
 */
export function textValue(column: Column, text: string): ReadValue {
  if (column.kind !== "boolean") return heldValue(column, text);
  return text === "true" || text === "false"
    ? { value: text === "true" }
    : { fault: "must be true or false" };
}

/** A value that a row may hold, from decoded JSON: an update's rules for new values do not judge it. Null is none. */
export function heldValue(column: Column, input: unknown): ReadValue {
  if (input === null || input === undefined) return { fault: "must not be null" };
  if (column.kind === "string" && typeof input === "string")
    return input.isWellFormed() ? { value: input } : { fault: "must be well-formed Unicode" };
  const { success, data, error } = column.expected.safeParse(input);
  return success ? { value: data } : { fault: error.issues[0]?.message ?? "is not a value of this column" };
}

/** The text of a value that is not null: the inverse of {@link textValue}. */
export function valueText({ kind }: Column, value: Value): string {
  return kind === "datetime" ? `${String(value).replace(" ", "T")}Z` : String(value);
}
