/** A DATETIME(6) in UTC as mysql2 gives it with `dateStrings`, as RFC 3339 with its microseconds. */
export function instant(text: unknown): string {
  return `${String(text).replace(" ", "T")}Z`;
}

/** The same for a column that may be NULL. */
export function instantOrNull(text: unknown): string | null {
  return text === null || text === undefined ? null : instant(text);
}
