import { displayWidth, shorten } from "./printable.ts";

/** How far a run has come. */
export interface Snapshot {
  /** What it works on. */
  readonly name: string;
  /** What was done with the records: "sent", "valid". */
  readonly verb: string;
  readonly done: number;
  readonly refused: number;
  readonly failed: number;
  /** Bytes of the input that are behind it, and how many there are, when that is known. */
  readonly bytes: number;
  readonly size: number | undefined;
  /** A remark for plain lines: where to go on. */
  readonly remark: string;
}

/** A snapshot, and how fast things have gone lately. Rates are by the second; undefined: not known yet. */
export interface Pace extends Snapshot {
  readonly elapsedMs: number;
  readonly recordRate: number | undefined;
  readonly byteRate: number | undefined;
}

const BAR = 20;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/** Rates are those of the last so many milliseconds. */
const LATELY_MS = 10_000;
/** Before this time nothing is said of rates. */
const FIRST_MS = 1_000;

/** Measures rates over the last 10 s, so that a stall or a change of speed is seen. */
export class PaceMeter {
  readonly #start: number;
  readonly #samples: { readonly at: number; readonly done: number; readonly bytes: number }[] = [];

  constructor(now: number) {
    this.#start = now;
  }

  /** The pace at `now` (ms of a clock that never falls), to be asked at most a few times a second. */
  pace(snapshot: Snapshot, now: number): Pace {
    this.#samples.push({ at: now, done: snapshot.done, bytes: snapshot.bytes });
    while ((this.#samples[1]?.at ?? now) <= now - LATELY_MS) {
      this.#samples.shift();
    }
    const [first] = this.#samples;
    const seconds = (now - (first?.at ?? now)) / 1_000;
    const known = seconds * 1_000 >= FIRST_MS;
    return {
      ...snapshot,
      elapsedMs: now - this.#start,
      recordRate: known ? (snapshot.done - (first?.done ?? 0)) / seconds : undefined,
      byteRate: known ? (snapshot.bytes - (first?.bytes ?? 0)) / seconds : undefined,
    };
  }
}

/** One line for a terminal of so many columns: bar, count, rate, time left; the least important leave first. */
export function progressBar(pace: Pace, columns: number): string {
  const { name, verb, done, recordRate } = pace;
  const share = shareOf(pace);
  const bar = share === undefined ? [] : [`${percent(share).padStart(4)} ${bar20(share)}`];
  const count = `${number(done)} ${verb}`;
  const rate = recordRate === undefined ? [] : [`${number(recordRate)}/s`];
  const left = secondsLeft(pace);
  const time = left === undefined ? [clock(pace.elapsedMs / 1_000)] : [`${clock(left)} left`];
  const bad = badCounts(pace);
  const choices = [
    [name, ...bar, count, ...rate, ...time, ...bad],
    [...bar, count, ...rate, ...time, ...bad],
    [...bar, count, ...time],
    [...bar],
  ];
  const lines = choices.map((parts) => parts.join("  "));
  return lines.find((line) => displayWidth(line) < columns) ?? shorten(count, Math.max(columns - 1, 1));
}

/** One line of a log: the same, in words. */
export function progressLine(pace: Pace): string {
  const { name, verb, done, recordRate, remark } = pace;
  const share = shareOf(pace);
  const left = secondsLeft(pace);
  const parts = [
    `${number(done)} ${verb}${share === undefined ? "" : ` (${percent(share)})`}`,
    ...badCounts(pace),
    ...(recordRate === undefined ? [] : [`${number(recordRate)}/s`]),
    ...(left === undefined ? [] : [`${clock(left)} left`]),
    ...(remark === "" ? [] : [remark]),
  ];
  return `${name}: ${parts.join(", ")}`;
}

/** A count as people read it: 84,120. */
export function number(count: number): string {
  return NUMBERS.format(count);
}

const NUMBERS = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** Seconds as 0:09, 12:05 or 3:12:05. */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [s, m, h] = [whole % 60, Math.floor(whole / 60) % 60, Math.floor(whole / 3_600)];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function badCounts({ refused, failed }: Snapshot): string[] {
  return [
    ...(refused > 0 ? [`${number(refused)} refused`] : []),
    ...(failed > 0 ? [`${number(failed)} failed`] : []),
  ];
}

function shareOf({ bytes, size }: Snapshot): number | undefined {
  return size === undefined || size === 0 ? undefined : Math.min(bytes / size, 1);
}

/** 100 % only at the very end. */
function percent(share: number): string {
  return `${Math.floor(share * 100)}%`;
}

function bar20(share: number): string {
  const eighths = Math.floor(share * BAR * 8);
  const bar = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return `▕${bar.padEnd(BAR)}▏`;
}

function secondsLeft({ bytes, size, byteRate }: Pace): number | undefined {
  if (size === undefined || byteRate === undefined || byteRate <= 0) {
    return undefined;
  }
  return Math.max(size - bytes, 0) / byteRate;
}
