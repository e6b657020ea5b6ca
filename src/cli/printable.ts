/**
 * What a terminal or a reader of it would act on: control characters, and those that turn the direction of text or hide it.
 * (Unicode Technical Report 36, "Unicode Security Considerations", on bidirectional text.)
 */
const ACTING = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text of a publisher, safe on a terminal and on one line: what would act is written as JSON writes it, `\n`, `\u001b`. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(ACTING, (c) => SHORT[c] ?? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same for text of several lines; line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.split("\t").map(printable).join("\t"))
    .join("\n");
}

const SHORT: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
};

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303f\uff01-\uff60]/u;
const PLAIN = /^[ -~]*$/;

/** The columns that printable text takes on a terminal: East Asian characters and emoji take two. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text in at most `width` columns; what is left out becomes an ellipsis, at the end or in the middle. */
export function shorten(text: string, width: number, where: "end" | "middle" = "end"): string {
  if (displayWidth(text) <= width) return text;
  const parts = [...graphemes.segment(text)].map(({ segment }) => segment);
  const room = Math.max(width - 1, 0);
  const tail = where === "middle" ? Math.floor(room / 2) : 0;
  return `${taken(parts, room - tail)}…${taken(parts.toReversed(), tail, true)}`;
}

function taken(parts: readonly string[], room: number, backwards = false): string {
  let width = 0;
  const kept: string[] = [];
  for (const part of parts) {
    width += displayWidth(part);
    if (width > room) break;
    kept.push(part);
  }
  return (backwards ? kept.reverse() : kept).join("");
}
