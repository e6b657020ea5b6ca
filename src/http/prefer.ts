/**
 * The seconds of `wait` in a `Prefer` header (RFC 7240 section 4.3), at most `longest`; 0 when it is not there or no number.
 */
export function preferredWait(header: string | readonly string[] | undefined, longest: number): number {
  const text = typeof header === "string" ? header : (header ?? []).join(",");
  const match = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i.exec(text);
  return match === null ? 0 : Math.min(Number(match[1]), longest);
}
