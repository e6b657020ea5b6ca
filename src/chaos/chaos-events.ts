import { xoshiro128 } from "../local/broker/random.ts";

/** What is done to the stack while updates flow. */
export type ChaosEvent =
  /** SIGKILL; it is started again after a while. */
  | { readonly kind: "kill-worker"; readonly worker: number; readonly awayMs: number }
  | { readonly kind: "kill-sidecar"; readonly awayMs: number }
  /** In an orderly way, or by SIGKILL; meanwhile all workers may be killed, too. */
  | {
      readonly kind: "restart-mysql";
      readonly how: "stop" | "kill";
      readonly awayMs: number;
      readonly killing: boolean;
    }
  /** Ends this share of the database's connections. */
  | { readonly kind: "cut"; readonly share: number }
  | { readonly kind: "delay"; readonly ms: number; readonly forMs: number }
  | { readonly kind: "blackhole"; readonly forMs: number }
  /** The broker refuses calls, resets streams and forgets acks more than at other times. */
  | { readonly kind: "broker-storm"; readonly forMs: number }
  | { readonly kind: "purge" }
  | { readonly kind: "migrate" };

export interface TimedEvent {
  /** When this share of the messages is settled, 0 to 1. */
  readonly at: number;
  readonly event: ChaosEvent;
}

/** How much happens. */
export interface Amounts {
  readonly workers: number;
  readonly kills: number;
  readonly restarts: number;
  readonly cuts: number;
}

/** What happens when, drawn from the seed; in the order of time. */
export function makeEvents(seed: number, { workers, kills, restarts, cuts }: Amounts): readonly TimedEvent[] {
  const random = xoshiro128(seed, 101);
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1));
  const some = (count: number, make: (i: number) => ChaosEvent) =>
    Array.from({ length: count }, (_, i) => make(i));
  const events: ChaosEvent[] = [
    ...some(kills, () => ({
      kind: "kill-worker",
      worker: between(0, workers - 1),
      awayMs: between(0, 1_500),
    })),
    ...some(restarts, (i) => ({
      kind: "restart-mysql",
      how: i % 2 === 0 ? "kill" : "stop",
      awayMs: between(300, 2_000),
      killing: i % 3 === 0,
    })),
    ...some(cuts, () => ({ kind: "cut", share: between(3, 10) / 10 })),
    ...some(Math.ceil(cuts / 3), () => ({ kind: "delay", ms: between(5, 100), forMs: between(500, 2_500) })),
    ...some(Math.ceil(cuts / 5), () => ({ kind: "blackhole", forMs: between(500, 4_000) })),
    ...some(Math.ceil(kills / 4), () => ({ kind: "broker-storm", forMs: between(1_000, 4_000) })),
    ...some(Math.ceil(kills / 10), () => ({ kind: "kill-sidecar", awayMs: between(0, 1_500) })),
    ...some(2, () => ({ kind: "purge" })),
    { kind: "migrate" },
  ];
  return events.map((event) => ({ at: random() * LAST, event })).sort((a, b) => a.at - b.at);
}

/** The end of the run is left for what came before to take effect. */
const LAST = 0.97;
