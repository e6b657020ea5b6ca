import { escapeXml, niceStep, round, short, text } from "./svg.ts";

/** A place on the chart. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Bars, one below the other: the title, the value and what else is to be said of it. */
export interface BarPanel {
  readonly kind: "bars";
  readonly title: string;
  readonly bars: readonly {
    readonly title: string;
    readonly value: number;
    readonly note: string;
    readonly strong?: boolean;
  }[];
}

/** Lines over the same places, at even distances whatever their values are. Values that are not numbers are left out. */
export interface LinePanel {
  readonly kind: "lines";
  readonly title: string;
  readonly places: readonly string[];
  readonly lines: readonly { readonly title: string; readonly values: readonly (number | undefined)[] }[];
}

export type Panel = BarPanel | LinePanel;

/** Colours that differ in lightness too; dashes and marks tell them apart without colour. */
const STROKES = [
  { colour: "#0b3d91", dash: "" },
  { colour: "#d1495b", dash: "6 3" },
  { colour: "#2e7d5b", dash: "2 2" },
  { colour: "#b8860b", dash: "8 3 2 3" },
] as const;

const TITLE = 18;
const GREY = 'fill="#666"';
const LETTER = 6.3;
/** Height of one row of names. */
const LEGEND = 16;
/** Of bars that are there to be compared with. */
const FAINT = "#8a9bb8";

export function drawPanel(panel: Panel, box: Box): string[] {
  const head = text(box.x, box.y + 12, panel.title, 'font-weight="bold"');
  const inner = { ...box, y: box.y + TITLE, height: box.height - TITLE };
  return [head, ...(panel.kind === "bars" ? drawBars(panel, inner) : drawLines(panel, inner))];
}

function drawBars({ bars }: BarPanel, { x, y, width, height }: Box): string[] {
  const names = Math.max(...bars.map(({ title }) => title.length)) * LETTER + 8;
  const notes = Math.max(...bars.map(({ value, note }) => label(value, note).length)) * LETTER + 10;
  const most = Math.max(...bars.map(({ value }) => value)) || 1;
  const step = Math.min(26, (height - 4) / bars.length);
  return bars.flatMap(({ title, value, note, strong = true }, i) => {
    const top = y + 4 + i * step;
    const length = Math.max(0, ((width - names - notes) * value) / most) || 0;
    const middle = top + step / 2 + 2;
    return [
      text(x + names - 6, middle, title, 'text-anchor="end"'),
      `<rect x="${round(x + names)}" y="${round(top)}" width="${round(length)}" height="${round(step - 6)}" fill="${strong ? STROKES[0].colour : FAINT}"/>`,
      text(x + names + length + 5, middle, label(value, note), GREY),
    ];
  });
}

function label(value: number, note: string): string {
  return `${Number.isNaN(value) ? "–" : short(Math.round(value))}${note === "" ? "" : `, ${note}`}`;
}

function drawLines({ places, lines }: LinePanel, { x, y, width, height }: Box): string[] {
  const [left, right] = [x + 46, x + width - 14];
  const names = lines.length > 1 ? legend(lines, left, right, y + 14) : { height: 0, drawn: [] };
  const [top, bottom] = [y + 10 + names.height, y + height - 20];
  const values = lines.flatMap((line) => line.values).filter((value) => isNumber(value));
  const step = niceStep(Math.max(...values, 0.1) / 4);
  const at = (value: number) => round(bottom - ((bottom - top) * value) / (4 * step));
  const across = (i: number) => round(left + ((right - left) * (i + 0.5)) / places.length);
  const grid = [0, 1, 2, 3, 4].flatMap((i) => [
    `<path d="M${left} ${at(i * step)}H${right}" stroke="#ddd"/>`,
    text(left - 6, at(i * step) + 4, short(i * step), 'text-anchor="end"'),
  ]);
  const marks = places.map((place, i) => text(across(i), bottom + 16, place, `text-anchor="middle" ${GREY}`));
  const drawn = lines.flatMap((line, i) => {
    const points = line.values.flatMap((value, n) =>
      isNumber(value) ? [[across(n), at(value)] as const] : [],
    );
    const dots = points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour(i)}"/>`);
    return [`<polyline points="${points.join(" ")}" fill="none" ${stroke(i)}/>`, ...dots];
  });
  return [...names.drawn, ...grid, ...marks, ...drawn];
}

/** The lines' names in as many rows as they need. */
function legend(lines: LinePanel["lines"], left: number, right: number, y: number) {
  let x = left;
  let row = 0;
  const drawn = lines.flatMap(({ title }, i) => {
    const width = 40 + title.length * LETTER;
    if (x > left && x + width - 15 > right) {
      x = left;
      row += 1;
    }
    const [start, at] = [x, y + row * LEGEND];
    x += width;
    return [`<path d="M${round(start)} ${at - 4}h20" ${stroke(i)}/>`, text(start + 25, at, title, GREY)];
  });
  return { height: (row + 1) * LEGEND, drawn };
}

function isNumber(value: number | undefined | null): value is number {
  return typeof value === "number" && !Number.isNaN(value);
}

function colour(index: number): string {
  return (STROKES[index % STROKES.length] ?? STROKES[0]).colour;
}

function stroke(index: number): string {
  const { dash } = STROKES[index % STROKES.length] ?? STROKES[0];
  return `stroke="${colour(index)}" stroke-width="1.8"${dash === "" ? "" : ` stroke-dasharray="${escapeXml(dash)}"`}`;
}
