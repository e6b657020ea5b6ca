import { CONNECTIONS_PER_POD } from "./assumptions.ts";
import { CHOICES, MAXIMA } from "./choices.ts";
import type { Figures } from "./figures.ts";
import { drained, duration, markdownTable } from "./print.ts";
import { figuresOf } from "./runs.ts";
import { OUTAGES, PATTERNS } from "./scenarios.ts";

/** The two tables of the README's chapter on scaling; test/unit/sim/report.test.ts holds it to them. */
export function readmeTables(): readonly [string, string] {
  const patterns = Object.values(CHOICES).map(({ title, spec }) => [
    title,
    ...PATTERNS.map((scenario) => pattern(figuresOf(scenario, spec))),
  ]);
  const outages = MAXIMA.map(({ title, spec }) => [
    title,
    spec.maxReplicas * CONNECTIONS_PER_POD,
    ...OUTAGES.flatMap((scenario) => {
      const found = figuresOf(scenario, spec);
      return [drained(found), found.replicaHours.toFixed(0)];
    }),
  ]);
  const ceilings = OUTAGES.map(({ ceiling }) => `${ceiling.toLocaleString("en-US")}/s`);
  return [
    markdownTable([["late, replica-hours, turns", ...PATTERNS.map(({ name }) => name)], ...patterns]),
    markdownTable([
      [
        "100 million wait",
        "connections",
        ...ceilings.flatMap((ceiling) => [`drained at ${ceiling}`, "replica-hours"]),
      ],
      ...outages,
    ]),
  ];
}

function pattern({ late, replicaHours, turns }: Figures): string {
  return `${duration(late)}, ${replicaHours.toFixed(0)}, ${turns}`;
}
