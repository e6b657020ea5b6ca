import { CANDIDATES, type Candidate, type Figures, TITLES } from "../job.ts";
import { COLUMNS, type PartName, type PartResult } from "../parts/part.ts";
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

const RATE = COLUMNS.rate.head;
const WIDTH = 960;
const MARGIN = 20;
const TOP = 62;
const PANEL = 206;
const GAP = 18;
const PANELS_ABREAST = 2;

/** An SVG of all that was measured, on a white ground of its own, so that it reads the same in light and dark. */
export function drawBench(figures: BenchFigures): string {
  const panels = panelsOf(figures);
  const height = TOP + Math.ceil(panels.length / PANELS_ABREAST) * (PANEL + GAP);
  const width = (WIDTH - MARGIN * 2 - GAP) / PANELS_ABREAST;
  const body = panels.flatMap((panel, i) =>
    drawPanel(panel, {
      x: MARGIN + (i % PANELS_ABREAST) * (width + GAP),
      y: TOP + Math.floor(i / PANELS_ABREAST) * (PANEL + GAP),
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
    withPart(part("mix"), (found) => barsOf(found, COLUMNS.clientCpu.head, micro)),
    withPart(part("batch"), (found) => linesOf(found, [RATE])),
    withPart(part("trip"), (found) => linesOf(found, [RATE], " ms")),
    withPart(part("receipts"), seriesOf),
    withPart(part("workers"), (found) =>
      barsOf(found, "retried", (retries) => (retries === undefined ? "" : `${short(retries)} retried`)),
    ),
    withPart(part("load"), (found) => ({
      ...linesOf(found, ["p50 ms", "p99 ms"], " %"),
      title: "From receive to commit by share of capacity",
    })),
    withPart(part("backlog"), (found) => linesOf(found, [RATE])),
    withPart(part("backlog"), (found) => ({
      ...linesOf(found, ["RSS MB"]),
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

/** The cells of the column with this head, one for each row; null is what JSON has made of a figure that is none. */
function cellsOf({ name, columns, rows }: PartResult, head: string): readonly (number | undefined)[] {
  const at = columns.findIndex((column) => column.head === head);
  if (at === -1) throw new Error(`the part ${name} has no column ${head}`);
  return rows.map(({ cells }) => cells[at] ?? undefined);
}

/** The rate of each row as a bar, with what another column says. */
function barsOf(found: PartResult, head: string, note: (cell: number | undefined) => string): Panel {
  const [rates, notes] = [cellsOf(found, RATE), cellsOf(found, head)];
  const bars = found.rows.map(({ title }, i) => ({
    title,
    value: rates[i] ?? Number.NaN,
    note: note(notes[i]),
  }));
  return { kind: "bars", title: found.title, bars };
}

/** One line for each of these columns, under its name. */
function linesOf(found: PartResult, heads: readonly string[], unit = ""): LinePanel {
  return {
    kind: "lines",
    title: found.title,
    places: found.rows.map(({ x }) => `${short(x ?? 0)}${unit}`),
    lines: heads.map((head) => ({ title: head, values: cellsOf(found, head) })),
  };
}

/** One line for each series, of the rate. */
function seriesOf(found: PartResult): LinePanel {
  const rates = cellsOf(found, RATE);
  const points = found.rows.map(({ series = "", x = 0 }, i) => ({ series, x, rate: rates[i] }));
  const places = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  return {
    kind: "lines",
    title: found.title,
    places: places.map(short),
    lines: [...new Set(points.map(({ series }) => series))].map((series) => ({
      title: series,
      values: places.map((x) => points.find((point) => point.series === series && point.x === x)?.rate),
    })),
  };
}

function micro(cpu: number | undefined): string {
  return cpu === undefined ? "" : `${Math.round(cpu)} µs CPU`;
}
