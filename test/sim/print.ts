import type { Figures } from "./figures.ts";

/** A Markdown table; the first row is its head. */
export function markdownTable(rows: readonly (readonly (string | number)[])[]): string {
  const lines = rows.map((cells) => `| ${cells.join(" | ")} |`);
  return [lines[0], `|${"---|".repeat(rows[0]?.length ?? 0)}`, ...lines.slice(1)].join("\n");
}

/** When the last message was late; "not" if one was late still at the end. */
export function drained({ drained: seconds }: Figures): string {
  return seconds === undefined ? "not" : duration(seconds);
}

/** Whole seconds, minutes from 2 min on, hours from 2 h on. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
