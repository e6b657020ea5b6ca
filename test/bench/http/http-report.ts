import { spread } from "../results.ts";
import { HTTP_TARGETS, HTTP_TITLES } from "./job.ts";
import type { ProbeFigures, PublishFigures, WaitFigures } from "./measure.ts";
import type { HttpResults, HttpRound } from "./run-http.ts";

const COLUMNS: readonly { readonly head: string; readonly of: (figures: PublishFigures) => number }[] = [
  { head: "rate 1/s", of: ({ rate }) => rate },
  { head: "server µs", of: ({ cpu }) => cpu },
  { head: "p99 ms", of: ({ p99 }) => p99 },
  { head: "peak MiB", of: ({ peakMiB }) => peakMiB },
];
const WIDTH = 12;
const TITLE_WIDTH = 4 + Math.max(...Object.values(HTTP_TITLES).map((title) => title.length));

/** What was measured over HTTP, and whether the targets hold; no lines when nothing was. */
export function httpReport({ rounds, waits, probes }: HttpResults): string[] {
  const checks = [ratioLine(rounds), waits && waitLine(waits), probes && probeLine(probes)].filter(
    (one) => one !== undefined,
  );
  if (rounds.length === 0 && checks.length === 0) return [];
  const missed = checks.filter(({ holds }) => !holds).map(({ name }) => name);
  return [
    "",
    "Over HTTP, single updates of 250 bytes:",
    ...table(rounds),
    ...checks.map(({ line }) => line),
    missed.length === 0 ? "The targets over HTTP hold." : `MISSED over HTTP: ${missed.join(", ")}.`,
  ];
}

interface Check {
  readonly name: string;
  readonly line: string;
  readonly holds: boolean;
}

function table(rounds: readonly HttpRound[]): string[] {
  if (rounds.length === 0) return [];
  const line = (title: string, cells: readonly string[]) =>
    `${title.padEnd(TITLE_WIDTH)}${cells.map((cell) => cell.padStart(WIDTH)).join("")}`.trimEnd();
  const lines = (["e", "f"] as const)
    .filter((part) => rounds.some((round) => round.has(part)))
    .map((part) => {
      const cell = (of: (figures: PublishFigures) => number) =>
        spread(rounds.map((round) => round.get(part)).map((one) => one && of(one)))?.median ?? 0;
      return line(
        `(${part}) ${HTTP_TITLES[part]}`,
        COLUMNS.map(({ of }) => Math.round(cell(of)).toLocaleString("en-US")),
      );
    });
  return [
    line(
      "",
      COLUMNS.map(({ head }) => head),
    ),
    ...lines,
  ];
}

function ratioLine(rounds: readonly HttpRound[]): Check | undefined {
  const ratios = rounds.map((round) => {
    const [bare, own] = [round.get("e"), round.get("f")];
    return bare === undefined || own === undefined ? undefined : own.rate / bare.rate;
  });
  const found = spread(ratios);
  if (found === undefined) return undefined;
  const { median, lowest, highest } = found;
  const target = HTTP_TARGETS.bareRoute;
  const range = `${lowest.toFixed(2)} to ${highest.toFixed(2)}`;
  return {
    name: "f/e",
    line: `f/e  ${median.toFixed(2)} (${range}, target ${target})`,
    holds: median >= target,
  };
}

function waitLine({ answer, commit }: WaitFigures): Check {
  const factor = answer.p99 / commit.p99;
  const target = HTTP_TARGETS.waitToCommit;
  return {
    name: "Prefer: wait",
    line:
      `(g) ${HTTP_TITLES.g} at 100/s: p50 ${ms(answer.p50)}, p99 ${ms(answer.p99)}; publish to commit in the worker: ` +
      `p50 ${ms(commit.p50)}, p99 ${ms(commit.p99)}; ratio of the p99 ${factor.toFixed(2)} (target under ${target})`,
    holds: factor < target,
  };
}

function probeLine({ offered, rate, refused, livez, readyz }: ProbeFigures): Check {
  const told = ({ p50, p99, most }: ProbeFigures["livez"]) =>
    `p50 ${ms(p50)}, p99 ${ms(p99)}, most ${ms(most)}`;
  const target = HTTP_TARGETS.probeMs;
  return {
    name: "probes under overload",
    line:
      `(h) ${HTTP_TITLES.h}: ${Math.round(offered).toLocaleString("en-US")}/s offered, ` +
      `${Math.round(rate).toLocaleString("en-US")}/s taken, ${refused} refused; /livez ${told(livez)}; ` +
      `/readyz ${told(readyz)} (target p99 under ${target} ms)`,
    holds: livez.p99 < target && readyz.p99 < target,
  };
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
