import { holds, type PartCheck, type PartResult } from "./part.ts";

const WIDTH = 13;

/** What the parts have found, and whether the targets hold; no lines when nothing was measured. */
export function partsReport(results: readonly PartResult[]): string[] {
  const checks = results.flatMap((result) => result.checks);
  const missed = checks.filter((check) => !holds(check)).map(({ name }) => name);
  if (results.length === 0) return [];
  const verdict =
    missed.length === 0 ? "The targets of rowpost alone hold." : `MISSED: ${missed.join("; ")}.`;
  return [
    "",
    "rowpost alone, with the built-in broker in a process of its own, medians where there are rounds:",
    ...results.flatMap(tableOf),
    ...(checks.length === 0 ? [] : ["", verdict]),
  ];
}

function tableOf({ name, title, columns, rows, notes, checks }: PartResult): string[] {
  const head = `${title} (${name})`;
  const width = Math.max(head.length, ...rows.map((row) => row.title.length)) + 1;
  const line = (first: string, cells: readonly string[]) =>
    `${first.padEnd(width)}${cells.map((cell) => cell.padStart(WIDTH)).join("")}`.trimEnd();
  return [
    "",
    line(
      head,
      columns.map((column) => column.head),
    ),
    ...rows.map((row) =>
      line(
        row.title,
        row.cells.map((cell, i) => number(cell, columns[i]?.digits ?? 0)),
      ),
    ),
    ...notes,
    ...checks.map(checkLine),
  ];
}

function checkLine(check: PartCheck): string {
  const { name, found, target, bound } = check;
  return `${holds(check) ? "MET" : "MISSED"}: ${name}: ${number(found, 2)}, target at ${bound} ${target}`;
}

function number(value: number | undefined, digits: number): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
