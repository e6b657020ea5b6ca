/**
 * The name of a component of the OpenAPI document: it may hold letters, digits, `.`, `_` and `-` only, so that another character
 * of a table's name stands there by its code.
 */
export function componentName(what: string, table: string): string {
  return `${what}.${table.replaceAll(/[^\w.-]/gu, (character) => `_x${character.codePointAt(0)?.toString(16)}_`)}`;
}
