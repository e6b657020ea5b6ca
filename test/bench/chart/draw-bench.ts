import { CANDIDATES, type Candidate, type Figures, TITLES } from "../job.ts";
import type { PartName, PartResult, PartRow } from "../parts/part.ts";
import { figure } from "../results.ts";
import { drawPanel, type LinePanel, type Panel } from "./panel.ts";
import { escapeXml, short, text } from "./svg.ts";

/** What a chart is drawn from: the bench's JSON, or what of it there is. */
export interface BenchFigures {
  readonly about: string;
  readonly broker?: string | undefined;
  readonly runs: readonly Readonly<Partial<Record<Candidate, Figures>>>[];
  readonly parts: readonly PartResult[];
}

const WIDTH = 960;
const MARGIN = 20;
const TOP = 62;
const PANEL = 206;
const GAP = 18;
const COLUMNS = 2;

/** An SVG of all that was measured, on a white ground of its own, so that it reads the same in light and dark. */
export function drawBench(figures: BenchFigures): string {
  const panels = panelsOf(figures);
  const height = TOP + Math.ceil(panels.length / COLUMNS) * (PANEL + GAP);
  const width = (WIDTH - MARGIN * 2 - GAP) / COLUMNS;
  const body = panels.flatMap((panel, i) =>
    drawPanel(panel, {
      x: MARGIN + (i % COLUMNS) * (width + GAP),
      y: TOP + Math.floor(i / COLUMNS) * (PANEL + GAP),
      width,
      height: PANEL,
    }),
  );
  const title = "rowpost: messages a second";
  const lines = figures.about.split("\n").map((line, i) => text(MARGIN, 38 + i * 15, line, 'fill="#666"'));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
      ` font-family="sans-serif" font-size="11.5" fill="#222" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" rx="6" fill="#fff"/>`,
    text(MARGIN, 20, title, 'font-weight="bold" font-size="14"'),
    ...lines,
    ...body,
    "</svg>\n",
  ].join("\n");
}

function panelsOf({ runs, parts, broker }: BenchFigures): readonly Panel[] {
  const part = (name: PartName) => parts.find((one) => one.name === name);
  const panels = [
    corePanel(runs, broker),
    withPart(part("mix"), ({ title, rows }) => ({
      kind: "bars",
      title,
      bars: rows.map(({ title: name, cells: [rate, , cpu] }) => ({
        title: name,
        value: numeric(rate),
        note: micro(cpu),
      })),
    })),
    withPart(part("batch"), (found) => linesOf(found, [{ title: "rate", column: 0 }])),
    withPart(part("trip"), (found) => linesOf(found, [{ title: "rate", column: 0 }], " ms")),
    withPart(part("receipts"), seriesOf),
    withPart(part("workers"), ({ title, rows }) => ({
      kind: "bars",
      title,
      bars: rows.map(({ title: name, cells: [rate, , retries] }) => ({
        title: name,
        value: numeric(rate),
        note: retries === undefined ? "" : `${short(retries)} retried`,
      })),
    })),
    withPart(part("load"), (found) => ({
      ...linesOf(
        found,
        [
          { title: "p50", column: 1 },
          { title: "p99", column: 2 },
        ],
        " %",
      ),
      title: "From receive to commit, ms, by share of capacity",
    })),
    withPart(part("backlog"), (found) => linesOf(found, [{ title: "rate", column: 0 }])),
    withPart(part("backlog"), (found) => ({
      ...linesOf(found, [{ title: "RSS", column: 1 }]),
      title: "Its resident set, MB",
    })),
  ];
  return panels.filter((panel) => panel !== undefined);
}

function corePanel(runs: BenchFigures["runs"], broker: string | undefined): Panel | undefined {
  const rounds = runs.map((run) => new Map(Object.entries(run) as [Candidate, Figures][]));
  const bars = CANDIDATES.flatMap((candidate) => {
    const rate = figure(rounds, candidate, (one) => one.rate)?.median;
    const cpu = figure(rounds, candidate, (one) => one.clientCpu)?.median;
    return rate === undefined
      ? []
      : [{ title: TITLES[candidate], value: rate, note: micro(cpu), strong: candidate === "d" }];
  });
  if (bars.length === 0) return undefined;
  return { kind: "bars", title: `rowpost beside others, with ${broker ?? "a broker"}`, bars };
}

function withPart(found: PartResult | undefined, draw: (found: PartResult) => Panel): Panel | undefined {
  return found === undefined || found.rows.length === 0 ? undefined : draw(found);
}

/** One line for each of these columns. */
function linesOf(
  { title, rows }: PartResult,
  lines: readonly { readonly title: string; readonly column: number }[],
  unit = "",
): LinePanel {
  return {
    kind: "lines",
    title,
    places: rows.map(({ x }) => `${short(x ?? 0)}${unit}`),
    lines: lines.map(({ title: name, column }) => ({
      title: name,
      values: rows.map(({ cells }) => cells[column] ?? undefined),
    })),
  };
}

/** One line for each series, of the first column. */
function seriesOf({ title, rows }: PartResult): LinePanel {
  const places = [...new Set(rows.map(({ x }) => x ?? 0))].sort((a, b) => a - b);
  const of = (series: string | undefined, x: number) => (row: PartRow) =>
    row.series === series && row.x === x;
  return {
    kind: "lines",
    title,
    places: places.map(short),
    lines: [...new Set(rows.map(({ series }) => series))].map((series) => ({
      title: series ?? "",
      values: places.map((x) => rows.find(of(series, x))?.cells[0]),
    })),
  };
}

/** What JSON has made of a figure that is none is null. */
function numeric(value: number | null | undefined): number {
  return value ?? Number.NaN;
}

function micro(cpu: number | null | undefined): string {
  return cpu === undefined || cpu === null ? "" : `${Math.round(cpu)} µs CPU`;
}
