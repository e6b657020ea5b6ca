import type { Terminal } from "./context.ts";
import { displayWidth, shorten } from "./printable.ts";

/** One column of a printed table. */
export interface PrintColumn {
  readonly title: string;
  readonly align?: "right";
  /** Where its cells may be cut when the table is wider than the terminal; not given: never. */
  readonly cut?: "end" | "middle";
}

/** A row's cells, printable, and lines of text to stand under it. */
export interface PrintRow {
  readonly cells: readonly string[];
  readonly below?: readonly string[];
}

const GAP = "  ";
const SMALLEST = 8;

/** The columns of the terminal, 80 if it does not know them; a pipe or a file has no end to its lines. */
export function widthOf(stream: Terminal): number {
  return stream.isTTY === true ? stream.columns || 80 : Number.POSITIVE_INFINITY;
}

/** A table with a line of titles, as wide as its cells and no wider than `width`, if cutting can help that. Ends with a line feed. */
export function printTable(
  columns: readonly PrintColumn[],
  rows: readonly PrintRow[],
  width: number,
): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(title.length, ...rows.map(({ cells }) => displayWidth(cells[i] ?? ""))),
  );
  fit(columns, widths, width);
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align, cut }, i) => {
        const text = shorten(
          cells[i] ?? "",
          cut === undefined ? Number.POSITIVE_INFINITY : (widths[i] ?? 0),
          cut,
        );
        const padding = " ".repeat(Math.max((widths[i] ?? 0) - displayWidth(text), 0));
        return align === "right" ? padding + text : text + padding;
      })
      .join(GAP)
      .trimEnd();
  const lines = [line(columns.map(({ title }) => title))];
  for (const { cells, below = [] } of rows) {
    lines.push(line(cells), ...below.flatMap((text) => wrap(text, width, "    ")));
  }
  return `${lines.join("\n")}\n`;
}

/** Takes columns away from the widest cell that may be cut, until the line fits. */
function fit(columns: readonly PrintColumn[], widths: number[], width: number): void {
  let over = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
  while (over > 0) {
    let widest = -1;
    for (const [i, { cut, title }] of columns.entries()) {
      const least = Math.max(SMALLEST, title.length);
      if (cut !== undefined && (widths[i] ?? 0) > Math.max(widths[widest] ?? 0, least)) widest = i;
    }
    if (widest < 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
}

/** Names and what they say, one a line; a long text goes on under its beginning. Ends with a line feed. */
export function printFacts(facts: readonly (readonly [name: string, text: string])[], width: number): string {
  const names = Math.max(...facts.map(([name]) => displayWidth(name)));
  return facts
    .map(([name, text]) => {
      const indent = " ".repeat(names + GAP.length);
      const [first = "", ...rest] = wrap(text, width, indent);
      return [name + " ".repeat(names - displayWidth(name)) + GAP + first.slice(indent.length), ...rest]
        .map((line) => `${line.trimEnd()}\n`)
        .join("");
    })
    .join("");
}

/** Breaks a text at its spaces into lines of at most `width` columns, each begun by `indent`. A word is never broken. */
export function wrap(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    const next = line === indent ? line + word : `${line} ${word}`;
    if (line !== indent && displayWidth(next) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = next;
    }
  }
  return [...lines, line];
}
