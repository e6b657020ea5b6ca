/** How much of a publisher's text a sentence may repeat. */
const LONGEST = 80;

/** Characters that a terminal or a log reader would act on: control, direction, line and paragraph separators. */
const ACTIVE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A publisher's text for a sentence: in double quotes, cut after 80 characters, active characters as escapes. */
export function quote(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  return JSON.stringify(cut.toWellFormed()).replace(
    ACTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `text` cut to `length` characters, without active ones: for the fields of a rejection and for single words. */
export function clip(text: string, length: number): string {
  const cut = text.length > length ? `${text.slice(0, length - 1)}…` : text;
  return cut.toWellFormed().replace(ACTIVE, "\ufffd");
}

/** Up to 10 known names as `a, b and c`; of more, the count. */
export function listOf(names: readonly string[], what: string): string {
  if (names.length > 10) {
    return `${names.length} ${what}`;
  }
  const last = names.at(-1) ?? `no ${what}`;
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
