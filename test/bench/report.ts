import { CANDIDATES, type Candidate, type Figures, TITLES } from "./job.ts";
import { figure, percentile, RATIOS, type Round, ratio, type Spread, TARGETS } from "./results.ts";
import { LIGHT_PER_SECOND } from "./steady-latencies.ts";

/** Latencies under the light load, by candidate. */
export type Latencies = ReadonlyMap<Candidate, readonly number[]>;

const COLUMNS: readonly {
  readonly head: readonly [string, string];
  readonly of: (figures: Figures) => number | undefined;
  readonly digits: number;
}[] = [
  { head: ["rate", "1/s"], of: ({ rate }) => rate, digits: 0 },
  { head: ["2nd half", "1/s"], of: ({ warm }) => warm.rate, digits: 0 },
  { head: ["client", "µs"], of: ({ clientCpu }) => clientCpu, digits: 1 },
  { head: ["2nd half", "µs"], of: ({ warm }) => warm.clientCpu, digits: 1 },
  { head: ["MySQL", "µs"], of: ({ mysqlCpu }) => mysqlCpu, digits: 1 },
  { head: ["broker", "µs"], of: ({ brokerCpu }) => brokerCpu, digits: 1 },
  { head: ["peak RSS", "MiB"], of: ({ peakMiB }) => peakMiB, digits: 0 },
  { head: ["batches", ""], of: ({ batches }) => batches || undefined, digits: 0 },
  { head: ["mean", "size"], of: ({ meanBatch }) => meanBatch || undefined, digits: 0 },
];

const TITLE_WIDTH = 4 + Math.max(...Object.values(TITLES).map((title) => title.length));

/** Of the workers: the table of medians, the ratios, the latencies, and whether the targets hold; no lines when none was measured. */
export function report(rounds: readonly Round[], latencies: Latencies): string {
  if (rounds.every((round) => round.size === 0)) return "";
  return [
    ...table(rounds),
    "",
    ...ratios(rounds),
    ...latencyLines(latencies),
    "",
    verdict(rounds, latencies),
  ].join("\n");
}

function table(rounds: readonly Round[]): string[] {
  const line = (title: string, cells: readonly string[]) =>
    `${title.padEnd(TITLE_WIDTH)}${cells.map((cell) => cell.padStart(9)).join("")}`.trimEnd();
  const heads = [0, 1].map((row) =>
    line(
      "",
      COLUMNS.map(({ head }) => head[row] ?? ""),
    ),
  );
  const present = CANDIDATES.filter((candidate) => rounds.some((round) => round.has(candidate)));
  const lines = present.map((candidate) =>
    line(
      `(${candidate}) ${TITLES[candidate]}`,
      COLUMNS.map(({ of, digits }) => number(figure(rounds, candidate, of)?.median, digits)),
    ),
  );
  return [...heads, ...lines];
}

function ratios(rounds: readonly Round[]): string[] {
  const range = ({ lowest, highest }: Spread) => `${lowest.toFixed(2)} to ${highest.toFixed(2)}`;
  return RATIOS.flatMap((one) => {
    const all = ratio(rounds, one);
    const warm = ratio(rounds, one, (figures) => figures.warm.rate);
    if (all === undefined || warm === undefined) return [];
    const aim = one.target === undefined ? "" : `, target ${one.target}`;
    return [
      `${one.of}/${one.to}  ${all.median.toFixed(2)} (${range(all)}${aim}); ` +
        `second half ${warm.median.toFixed(2)} (${range(warm)})`,
    ];
  });
}

function latencyLines(latencies: Latencies): string[] {
  if (latencies.size === 0) return [];
  const lines = [...latencies].map(([candidate, ascending]) => {
    const [middle, late] = [percentile(ascending, 0.5), percentile(ascending, 0.99)];
    return `(${candidate}) ${TITLES[candidate]}: p50 ${number(middle, 1)} ms, p99 ${number(late, 1)} ms`;
  });
  return [
    "",
    `From receive to commit at ${LIGHT_PER_SECOND} messages/s, which Google's emulator hands out every 50 ms:`,
    ...lines,
  ];
}

function verdict(rounds: readonly Round[], latencies: Latencies): string {
  const peak = figure(rounds, "d", ({ peakMiB }) => peakMiB)?.highest;
  const cpu = figure(rounds, "d", ({ clientCpu }) => clientCpu)?.median;
  const checks = [
    ...RATIOS.flatMap(({ of, to, target }) =>
      target === undefined ? [] : [check(`${of}/${to}`, ratio(rounds, { of, to }), target)],
    ),
    ...(cpu === undefined ? [] : [{ name: "client CPU", holds: cpu <= TARGETS.clientCpu }]),
    ...(peak === undefined ? [] : [{ name: "peak RSS", holds: peak <= TARGETS.peakMiB }]),
    lightCheck(latencies),
  ].filter((one) => one !== undefined);
  const missed = checks.filter(({ holds }) => !holds).map(({ name }) => name);
  if (checks.length === 0) return "No target was measured.";
  return missed.length === 0
    ? `The targets hold: ${checks.map(({ name }) => name).join(", ")}.`
    : `MISSED: ${missed.join(", ")}.`;
}

function check(name: string, found: Spread | undefined, target: number) {
  return found === undefined ? undefined : { name, holds: found.median >= target };
}

/** In absolute terms, or beside the worker by hand. */
function lightCheck(latencies: Latencies) {
  const [own, other] = [latencies.get("d") ?? [], latencies.get("c") ?? []];
  const [p50, p99] = [percentile(own, 0.5), percentile(own, 0.99)];
  if (p50 === undefined || p99 === undefined) return undefined;
  const { light } = TARGETS;
  const beside = (part: number) => light.byHand * (percentile(other, part) ?? 0);
  return {
    name: "light load",
    holds: (p50 <= light.p50 && p99 <= light.p99) || (p50 <= beside(0.5) && p99 <= beside(0.99)),
  };
}

function number(value: number | undefined, digits: number): string {
  if (value === undefined) return "–";
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
