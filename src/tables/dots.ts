/**
 * MikroORM takes a dot in a name for the end of a schema's or a JSON column's name, MySQL's quoted names may hold it. Inside of
 * MikroORM a character of the Unicode private use area stands for it, which no definition may use.
 */
export const DOT = "\ue02e";

/** A name as MikroORM gets it. */
export function withoutDots(name: string): string {
  return name.replaceAll(".", DOT);
}

/** A name, or SQL, of MikroORM's as it is meant. */
export function withDots(text: string): string {
  return text.replaceAll(DOT, ".");
}
