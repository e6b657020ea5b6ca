const SVG = "http://www.w3.org/2000/svg";
const SLOTS = 60;
const HEIGHT = 168;
const LEFT = 36;
const BOTTOM = 20;
const TOP = 8;

/** From the bottom of a bar to its top. */
export const OUTCOMES = ["applied", "unchanged", "stale", "rejected"];

/** A bar for each second of the last minute, stacked by outcome. `add` takes a sample's rates by outcome. */
export class RateChart {
  #samples = [];
  #svg;
  /** In CSS pixels, as wide as its place: so its text has the size of other text. */
  #width = 600;

  constructor(parent) {
    this.#svg = svg("svg", { role: "img", class: "chart", height: HEIGHT });
    parent.replaceChildren(this.#svg);
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry.contentRect.width);
      if (width === 0 || width === this.#width) return;
      this.#width = width;
      this.#draw();
    }).observe(parent);
    this.#draw();
  }

  add(rates) {
    this.#samples = [...this.#samples, rates].slice(-SLOTS);
    this.#draw();
  }

  #draw() {
    const most = Math.max(1, ...this.#samples.map(total));
    const top = niceCeiling(most);
    const y = (rate) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - rate / top);
    const now = this.#samples.at(-1);
    const said =
      now === undefined ? "nothing yet" : `now ${Math.round(total(now))}, at most ${Math.round(most)}`;
    this.#svg.setAttribute("viewBox", `0 0 ${this.#width} ${HEIGHT}`);
    this.#svg.setAttribute("aria-label", `Updates settled a second: ${said}`);
    this.#svg.replaceChildren(...grid(top, y, this.#width), ...this.#bars(y));
  }

  #bars(y) {
    const slot = (this.#width - LEFT) / SLOTS;
    const shift = SLOTS - this.#samples.length;
    return this.#samples.flatMap((rates, i) => {
      let below = 0;
      return OUTCOMES.flatMap((outcome) => {
        const rate = rates[outcome];
        if (rate === 0) return [];
        const [from, to] = [y(below), y(below + rate)];
        below += rate;
        const x = LEFT + (shift + i) * slot + slot * 0.12;
        const height = Math.max(1, from - to);
        return [svg("rect", { class: outcome, x, y: from - height, width: slot * 0.76, height })];
      });
    });
  }
}

function grid(top, y, width) {
  const lines = [0, top / 2, top].map((rate) => {
    const at = y(rate);
    const line = svg("line", { class: rate === 0 ? "axis" : "grid", x1: LEFT, x2: width, y1: at, y2: at });
    const label = svg("text", { class: "tick", x: LEFT - 8, y: at + 4, "text-anchor": "end" });
    label.textContent = rate >= 1000 ? `${+(rate / 1000).toFixed(2)}k` : String(+rate.toFixed(1));
    return [line, label];
  });
  const times = [
    ["60 s ago", LEFT, "start"],
    ["now", width, "end"],
  ].map(([word, x, anchor]) => {
    const label = svg("text", { class: "tick", x, y: HEIGHT - 4, "text-anchor": anchor });
    label.textContent = word;
    return label;
  });
  return [...lines.flat(), ...times];
}

export function total(rates) {
  return OUTCOMES.reduce((sum, outcome) => sum + rates[outcome], 0);
}

/** The next of 2, 5, 10, 20, 50 …, so that half of it is a round number too or ends in .5. */
function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return Math.max(2, step * power);
}

function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
