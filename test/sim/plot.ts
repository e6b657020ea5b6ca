/** One line of a panel: its values at even distances of time. */
export interface Line {
  readonly title: string;
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

/** Colours that differ in lightness too, so that they are told apart without colour; dashes help. */
const STROKES = [
  { colour: "#0b3d91", dash: "" },
  { colour: "#d1495b", dash: "6 3" },
  { colour: "#66a182", dash: "2 2" },
] as const;

const WIDTH = 760;
const LEFT = 64;
const RIGHT = 16;
const TOP = 66;
const HEIGHT = 150;
const GAP = 44;
/** Width of a letter, on average. */
const LETTER = 6.2;

/**
 * An SVG of panels one above the other, over the same time from 0 to so many hours. A panel may have up to 3 lines; the first
 * panel's titles are the legend. The same arguments give the same bytes.
 */
export function plot(title: string, hours: number, panels: readonly Panel[]): string {
  const height = TOP + panels.length * (HEIGHT + GAP);
  const body = panels.flatMap((panel, i) => drawPanel(panel, TOP + i * (HEIGHT + GAP), hours));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"` +
      ` font-family="sans-serif" font-size="12" fill="#222" role="img">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(LEFT, 18, title, ` font-weight="bold"`),
    ...legend((panels[0]?.lines ?? []).map((line) => line.title)),
    ...body,
    "</svg>\n",
  ].join("\n");
}

function legend(names: readonly string[]): string[] {
  let x = LEFT;
  return names.flatMap((name, i) => {
    const start = x;
    x += 54 + Math.round(name.length * LETTER);
    return [`<path d="M${start} 32h24" ${stroke(i)}/>`, text(start + 30, 36, name)];
  });
}

function drawPanel({ title, lines }: Panel, top: number, hours: number): string[] {
  const step = niceStep(Math.max(1, ...lines.flatMap(({ values }) => values)) / 4);
  const most = 4 * step;
  const y = (value: number) => round(top + HEIGHT - (value / most) * HEIGHT);
  const x = (share: number) => round(LEFT + share * (WIDTH - LEFT - RIGHT));
  const grid = [0, 1, 2, 3, 4].flatMap((i) => [
    `<path d="M${LEFT} ${y(i * step)}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
    text(LEFT - 6, y(i * step) + 4, short(i * step), ` text-anchor="end"`),
  ]);
  const every = hours > 12 ? 4 : hours > 4 ? 1 : 0.5;
  const times = Array.from({ length: Math.floor(hours / every) + 1 }, (_, i) =>
    text(x((i * every) / hours), top + HEIGHT + 16, `${i * every} h`, ` text-anchor="middle" fill="#666"`),
  );
  const drawn = lines.map(({ values }, i) => {
    const points = values.map((value, at) => `${x(at / Math.max(1, values.length - 1))},${y(value)}`);
    return `<polyline points="${points.join(" ")}" fill="none" ${stroke(i)}/>`;
  });
  return [text(LEFT, top - 6, title, ` fill="#666"`), ...grid, ...times, ...drawn];
}

function stroke(index: number): string {
  const { colour, dash } = STROKES[index] ?? STROKES[0];
  return `stroke="${colour}" stroke-width="1.6"${dash === "" ? "" : ` stroke-dasharray="${dash}"`}`;
}

/** The next of 1, 2, 2.5, 5 or 10 times a power of ten; whole numbers only. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return (
    [1, 2, 2.5, 5, 10].map((times) => times * power).find((step) => step >= value && step % 1 === 0) ?? 1
  );
}

function short(value: number): string {
  return value >= 1e6 ? `${value / 1e6} M` : value.toLocaleString("en-US");
}

function text(x: number, y: number, content: string, more = ""): string {
  return `<text x="${x}" y="${y}"${more}>${content}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
