import { LATE } from "./assumptions.ts";
import { type Choice, CHOICES, MAXIMA, SHIPPED } from "./choices.ts";
import { figuresOf, SEED } from "./runs.ts";
import { drained, duration, markdownTable } from "./print.ts";
import { plot } from "./plot.ts";
import { OUTAGES, outage, PATTERNS, type Scenario } from "./scenarios.ts";
import { type Moment, simulate } from "./simulate.ts";

/** Ceilings of databases to compare, in updates a second. */
const CEILINGS = [5_000, 10_000, 15_000, 30_000, 40_000, 60_000];

const POINTS = 360;

const LEGEND =
  `late: how long the oldest message was older than ${LATE} s; drained after: when that was last so; oldest: its greatest age; ` +
  "most: replicas; changes: of their number; turns: changes of direction, of which one rise and fall has 1.";

/** All that the simulation comes to: Markdown, and SVGs by file name. The same every time. */
export interface SimReport {
  readonly markdown: string;
  readonly plots: ReadonlyMap<string, string>;
}

export function simReport(): SimReport {
  const plots = new Map<string, string>();
  for (const scenario of PATTERNS) {
    const { shipped, withoutCpu, cpu, small, defaults } = CHOICES;
    const shown = {
      slow: [shipped, cpu, small],
      bursts: [shipped, withoutCpu, defaults],
    }[scenario.name] ?? [shipped, withoutCpu, small];
    plots.set(`${scenario.name}.svg`, draw(scenario, shown, ["age", "replicas"]));
  }
  for (const scenario of OUTAGES) {
    const shown = MAXIMA.filter(({ spec }) => [2, SHIPPED.maxReplicas, 20].includes(spec.maxReplicas));
    plots.set(`${scenario.name}.svg`, draw(scenario, shown, ["waiting", "replicas"]));
  }
  const markdown = [
    "Made by `node test/sim/run.ts`; the README's chapter on scaling says what it means.",
    LEGEND,
    ...PATTERNS.flatMap((scenario) => [`## ${scenario.title}`, table(scenario, Object.values(CHOICES))]),
    ...OUTAGES.flatMap((scenario) => [`## ${scenario.title}`, table(scenario, MAXIMA)]),
    "## The same outage, as shipped, with other databases",
    ceilings(),
  ];
  return { markdown: `${markdown.join("\n\n")}\n`, plots };
}

function table(scenario: Scenario, choices: readonly Choice[]): string {
  const rows = choices.map(({ title, spec }) => {
    const found = figuresOf(scenario, spec);
    return [
      title,
      duration(found.late),
      drained(found),
      duration(found.oldest),
      found.replicaHours.toFixed(1),
      found.most,
      found.changes,
      found.turns,
    ];
  });
  const head = ["HPA", "late", "drained after", "oldest", "replica-hours", "most", "changes", "turns"];
  return markdownTable([head, ...rows]);
}

function ceilings(): string {
  const rows = CEILINGS.map((ceiling) => {
    const scenario = outage(ceiling);
    const shipped = figuresOf(scenario, SHIPPED);
    const enough = Math.max(2, Math.ceil(ceiling / scenario.workerRate));
    const fitting = figuresOf(scenario, { ...SHIPPED, maxReplicas: enough });
    return [
      `${ceiling.toLocaleString("en-US")}/s`,
      drained(shipped),
      shipped.replicaHours.toFixed(1),
      enough,
      drained(fitting),
      fitting.replicaHours.toFixed(1),
    ];
  });
  const head = [
    "the database takes",
    "drained after",
    "replica-hours",
    "maximum that fits",
    "drained after",
    "replica-hours",
  ];
  return markdownTable([head, ...rows]);
}

const TITLES = { age: "age of the oldest message, s", waiting: "messages that wait", replicas: "replicas" };

function draw(
  scenario: Scenario,
  choices: readonly Choice[],
  shown: readonly (keyof typeof TITLES)[],
): string {
  const runs = choices.map(({ title, spec }) => ({ title, moments: simulate(scenario, spec, SEED) }));
  const panels = shown.map((key) => ({
    title: TITLES[key],
    lines: runs.map(({ title, moments }) => ({ title, values: thinned(moments, key) })),
  }));
  return plot(scenario.title, scenario.seconds / 3_600, panels);
}

/** So many points; each is the largest value of its share of the time, so that no peak is lost. */
function thinned(moments: readonly Moment[], key: keyof typeof TITLES): number[] {
  return Array.from({ length: POINTS }, (_, i) => {
    const share = moments.slice(
      Math.floor((i * moments.length) / POINTS),
      Math.floor(((i + 1) * moments.length) / POINTS),
    );
    return share.reduce((most, moment) => Math.max(most, moment[key]), 0);
  });
}
