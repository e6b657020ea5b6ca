import { shuffled, xoshiro128 } from "../local/broker/random.ts";
import { KINDS, type Made, type Making } from "./plan-kinds.ts";

/** An update of the plan, and what may become of it. */
export interface PlannedUpdate {
  readonly key: string;
  /** JSON, or what is none. */
  readonly data: string;
  /** Each allowed outcome; a rejection by its code. */
  readonly allowed: readonly string[];
  /** What it does when it is applied. */
  readonly effect: Effect;
}

/** What an applied update has done, in the words of the model. */
export type Effect =
  | { readonly kind: "count"; readonly id: string; readonly by: bigint }
  | { readonly kind: "transfer"; readonly from: number; readonly to: number; readonly cents: bigint }
  | { readonly kind: "document"; readonly id: number; readonly version: bigint; readonly body: string }
  | { readonly kind: "group"; readonly team: number; readonly token: string }
  | { readonly kind: "name"; readonly id: string; readonly name: string }
  /** Nothing: it is refused as a whole. */
  | { readonly kind: "none" }
  /** Another update has the same key: one of the two takes effect, the other is kept as `key_reused`. */
  | { readonly kind: "either"; readonly id: string };

export interface ChaosPlan {
  readonly seed: number;
  /** In the order in which they are published; some come twice. */
  readonly messages: readonly PlannedUpdate[];
  /** By key; of those that share one, the first. */
  readonly updates: ReadonlyMap<string, PlannedUpdate>;
  /** Keys under which two different updates were published. */
  readonly reused: ReadonlySet<string>;
  readonly accounts: number;
  readonly startingCents: bigint;
}

/** Updates that are published twice under the same key, of 100. */
const REPEATED = 5;

/**
 * What is published, drawn from the seed: increments, transfers, overwrites by version, updates of several rows, contests for
 * names, updates that fail halfway, reused keys and invalid ones.
 */
export function makePlan(count: number, seed: number): ChaosPlan {
  const random = xoshiro128(seed, 100);
  const making: Making = {
    seed,
    pick: (n) => Math.floor(random() * n),
    versions: new Map(),
    accounts: ACCOUNTS,
  };
  const messages: PlannedUpdate[] = [];
  for (let i = 0; messages.length < count; i += 1) {
    const made = kindOf(making.pick(100))(making, i);
    messages.push(...made.map((one) => ({ key: `chaos-${seed}-${i}`, ...one })));
  }
  const updates = new Map<string, PlannedUpdate>();
  const reused = new Set<string>();
  for (const one of messages) {
    if (updates.has(one.key)) reused.add(one.key);
    else updates.set(one.key, one);
  }
  const twice = messages.filter(() => making.pick(100) < REPEATED);
  return {
    seed,
    messages: shuffled([...messages, ...twice], random, SHUFFLE_WINDOW),
    updates,
    reused,
    accounts: ACCOUNTS,
    startingCents: STARTING_CENTS,
  };
}

const ACCOUNTS = 50;
const STARTING_CENTS = 10_000n;
/** How far a message may be from its place in the plan. */
const SHUFFLE_WINDOW = 2_000;

function kindOf(chance: number): (making: Making, i: number) => readonly Made[] {
  let sum = 0;
  for (const { share, make } of KINDS) {
    sum += share;
    if (chance < sum) return make;
  }
  throw new Error("the shares of the kinds are less than 100");
}
