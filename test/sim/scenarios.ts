import { CPU_PER_UPDATE, DATABASE_CEILING, SMALL_DATABASE_CEILING, WORKER_RATE } from "./assumptions.ts";

/** What comes, for how long, and what the workers and the database can take of it. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  /** Messages a second, on average, at a second. */
  readonly arrivals: (at: number) => number;
  /** Seconds of arrivals that wait at the start. */
  readonly outage: number;
  readonly workerRate: number;
  readonly cpuPerUpdate: number;
  readonly ceiling: number;
}

const HOUR = 3_600;
const USUAL = { outage: 0, workerRate: WORKER_RATE, cpuPerUpdate: CPU_PER_UPDATE, ceiling: DATABASE_CEILING };

/** 100 million messages in 6 hours. */
const OUTAGE_RATE = 100_000_000 / (6 * HOUR);

/** A worker's rate with updates of many rows, which wait for the database most of the time. An assumption. */
const SLOW_RATE = 500;

/** Arrivals that come and go. */
export const PATTERNS: readonly Scenario[] = [
  { ...USUAL, name: "steady", title: "steady: 25,000/s for 4 h", seconds: 4 * HOUR, arrivals: () => 25_000 },
  {
    ...USUAL,
    name: "spike",
    title: "spike: 3,000/s, ten times as many for 30 min, in 3 h",
    seconds: 3 * HOUR,
    arrivals: (at) => (at >= HOUR / 2 && at < HOUR ? 30_000 : 3_000),
  },
  {
    ...USUAL,
    name: "bursts",
    title: "bursts: 3,000/s, ten times as many for 2 of every 10 min, in 4 h",
    seconds: 4 * HOUR,
    arrivals: (at) => (at % 600 >= 480 ? 30_000 : 3_000),
  },
  {
    ...USUAL,
    name: "day",
    title: "day: 2,000/s at 4:00, 28,000/s at 16:00, in 24 h",
    seconds: 24 * HOUR,
    arrivals: (at) => 15_000 - 13_000 * Math.cos(((at - 4 * HOUR) / (24 * HOUR)) * 2 * Math.PI),
  },
  {
    ...USUAL,
    name: "slow",
    title: "slow: 800/s, 2,000/s for 1 h, of which a worker applies 500/s, in 4 h",
    seconds: 4 * HOUR,
    arrivals: (at) => (at >= HOUR / 2 && at < 1.5 * HOUR ? 2_000 : 800),
    workerRate: SLOW_RATE,
  },
];

/** 100 million messages that an outage of 6 h has left, while as many as before go on coming; until they are done. */
export function outage(ceiling: number): Scenario {
  return {
    ...USUAL,
    name: `outage-${ceiling}`,
    title: `outage: 100 million wait, 4,630/s go on, the database takes ${ceiling.toLocaleString("en-US")}/s`,
    seconds: 6 * HOUR,
    arrivals: () => OUTAGE_RATE,
    outage: 6 * HOUR,
    ceiling,
  };
}

export const OUTAGES: readonly Scenario[] = [DATABASE_CEILING, SMALL_DATABASE_CEILING].map(outage);
