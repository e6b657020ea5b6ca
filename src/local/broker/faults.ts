import { type Random, xoshiro128 } from "./random.ts";

/** From the first to the second, both included. */
export type Range = readonly [from: number, to: number];

/** Calls that can be refused. */
export type FaultyCall = "publish" | "pull" | "acknowledge";
export const REFUSALS = ["UNAVAILABLE", "RESOURCE_EXHAUSTED"] as const;
export type Refusal = (typeof REFUSALS)[number];

/** How a stream can end: with a status, or with its connection. */
export const RESETS = ["UNAVAILABLE", "INTERNAL", "connection"] as const;
export type Reset = (typeof RESETS)[number];

/** A burst of refused calls. */
export interface Burst {
  /** How likely a call begins one. */
  readonly rate: number;
  /** How many calls one after the other are refused. */
  readonly length: Range;
  readonly statuses?: readonly Refusal[];
}

/** What goes wrong, and how often: rates from 0 to 1; what is left out never does. Times in milliseconds. */
export interface FaultRates {
  /** A message is delivered once more, half of the time while it is leased and half after its ack. Not with ordering keys. */
  readonly duplicates?: { readonly rate: number };
  /** A message is overtaken by up to `window` later ones. Not with ordering keys. */
  readonly reorders?: { readonly rate: number; readonly window: number };
  /** An ack is answered, and takes effect later. */
  readonly lateAcks?: { readonly rate: number; readonly delayMs: Range };
  /** An ack is answered, and never takes effect; with exactly-once delivery it is answered as a transient failure. */
  readonly lostAcks?: { readonly rate: number };
  /** A lease ends after this part of its time. */
  readonly earlyExpiries?: { readonly rate: number; readonly part: Range };
  /** A stream ends after a response. */
  readonly resets?: { readonly rate: number; readonly kinds?: readonly Reset[] };
  readonly refusals?: Readonly<Partial<Record<FaultyCall, Burst>>>;
  /** Each response of a stream comes so much later, and no faster than this. */
  readonly slowness?: { readonly latencyMs: Range; readonly bytesPerSecond?: number };
}

/** How many there were, of each kind. */
export interface FaultCounts {
  readonly duplicates: number;
  readonly reorders: number;
  readonly lateAcks: number;
  readonly lostAcks: number;
  readonly earlyExpiries: number;
  readonly resets: number;
  readonly refusals: Readonly<Record<FaultyCall, number>>;
  readonly slowResponses: number;
}

const STREAMS = [
  "duplicates",
  "reorders",
  "lateAcks",
  "lostAcks",
  "earlyExpiries",
  "resets",
  "slow",
] as const;

/** Decides what goes wrong. Each kind draws from a sequence of its own, so that a seed means the same for each kind. */
export class Faults {
  rates: FaultRates;
  readonly #random: Readonly<Record<(typeof STREAMS)[number] | FaultyCall, Random>>;
  readonly #left: Record<FaultyCall, number> = { publish: 0, pull: 0, acknowledge: 0 };
  readonly #counts = {
    duplicates: 0,
    reorders: 0,
    lateAcks: 0,
    lostAcks: 0,
    earlyExpiries: 0,
    resets: 0,
    refusals: { publish: 0, pull: 0, acknowledge: 0 },
    slowResponses: 0,
  };

  constructor(seed = 1, rates: FaultRates = {}) {
    this.rates = rates;
    const names = [...STREAMS, "publish", "pull", "acknowledge"] as const;
    const randoms = names.map((name, stream) => [name, xoshiro128(seed, stream)] as const);
    this.#random = Object.fromEntries(randoms) as Record<(typeof names)[number], Random>;
  }

  get counts(): FaultCounts {
    return structuredClone(this.#counts);
  }

  /** Whether the message that is delivered now comes once more, and when. */
  duplicate(): "leased" | "acked" | undefined {
    if (!this.#happens("duplicates", this.rates.duplicates?.rate)) return undefined;
    this.#counts.duplicates++;
    return this.#random.duplicates() < 0.5 ? "leased" : "acked";
  }

  /** How many messages overtake the next one. */
  reorder(): number {
    const { reorders } = this.rates;
    if (reorders === undefined || !this.#happens("reorders", reorders.rate)) return 0;
    this.#counts.reorders++;
    return between([1, reorders.window], this.#random.reorders());
  }

  /** What becomes of an ack: undefined: as it should be; a number: it takes effect so many milliseconds later. */
  ack(): "lost" | number | undefined {
    const { lateAcks, lostAcks } = this.rates;
    if (this.#happens("lostAcks", lostAcks?.rate)) {
      this.#counts.lostAcks++;
      return "lost";
    }
    if (lateAcks === undefined || !this.#happens("lateAcks", lateAcks.rate)) return undefined;
    this.#counts.lateAcks++;
    return between(lateAcks.delayMs, this.#random.lateAcks());
  }

  /** How long a lease of `ms` really lasts. */
  lease(ms: number): number {
    const { earlyExpiries } = this.rates;
    if (earlyExpiries === undefined || !this.#happens("earlyExpiries", earlyExpiries.rate)) return ms;
    this.#counts.earlyExpiries++;
    const [from, to] = earlyExpiries.part;
    return ms * (from + (to - from) * this.#random.earlyExpiries());
  }

  /** How the stream ends after this response; undefined: it goes on. */
  reset(): Reset | undefined {
    const { resets } = this.rates;
    if (resets === undefined || !this.#happens("resets", resets.rate)) return undefined;
    this.#counts.resets++;
    return pick(resets.kinds ?? RESETS, this.#random.resets());
  }

  /** The status with which a call is refused; undefined: it is not. */
  refuse(call: FaultyCall): Refusal | undefined {
    const burst = this.rates.refusals?.[call];
    if (burst === undefined) return undefined;
    if (this.#left[call] === 0 && this.#happens(call, burst.rate))
      this.#left[call] = between(burst.length, this.#random[call]());
    if (this.#left[call] === 0) return undefined;
    this.#left[call]--;
    this.#counts.refusals[call]++;
    return pick(burst.statuses ?? REFUSALS, this.#random[call]());
  }

  /** How long a response of so many bytes takes, in milliseconds. */
  delay(bytes: number): number {
    const { slowness } = this.rates;
    if (slowness === undefined) return 0;
    this.#counts.slowResponses++;
    const rate = slowness.bytesPerSecond ?? Number.POSITIVE_INFINITY;
    return between(slowness.latencyMs, this.#random.slow()) + (bytes / rate) * 1_000;
  }

  #happens(kind: keyof typeof this.rates | FaultyCall, rate: number | undefined): boolean {
    return rate !== undefined && rate > 0 && this.#random[kind as (typeof STREAMS)[number]]() < rate;
  }
}

function between([from, to]: Range, chance: number): number {
  return from + Math.floor(chance * (to - from + 1));
}

function pick<T>(choices: readonly T[], chance: number): T {
  return choices[Math.floor(chance * choices.length)] as T;
}
