import {
  type FinalReceipt,
  finalReceipts,
  markReplays,
  type ReplayMark,
  type Wanted,
} from "../store/dead-letter-mark.ts";
import { type DeadLetterRecord, readDeadLetters } from "../store/dead-letter-read.ts";
import type { Store } from "../store/store.ts";
import { planReplay, type Replay, type ReplayRules } from "./replay.ts";

/** The rules of one run. */
export interface Rules extends Omit<ReplayRules, "now"> {
  /** Why the broker would refuse a message, in one sentence; undefined when it would not. */
  readonly messageFault: (data: Buffer, attributes: Readonly<Record<string, string>>) => string | undefined;
}

/** One dead letter: how it is replayed, and with what mark if it has one; or why it is left alone, in a sentence. */
export type Plan = { readonly id: string } & (
  | {
      readonly letter: DeadLetterRecord;
      readonly replay: Ready;
      readonly mark: ReplayMark | undefined;
      readonly left?: undefined;
    }
  | { readonly left: string }
);

type Ready = Exclude<Replay, { readonly refusal: string }>;

/** Says of each whether its key has a final receipt, or whether it is gone; if neither, it may have marked it. */
type Claim = (wanted: readonly Wanted[]) => Promise<Map<string, Claimed>>;
interface Claimed {
  readonly mark?: ReplayMark | undefined;
  readonly settled?: FinalReceipt | undefined;
  readonly gone?: true | undefined;
}

/** What a replay of this dead letter would do; changes nothing. */
export async function foreseeReplay(store: Store, id: string, rules: Rules): Promise<Plan> {
  const [plan] = await planAll(store, [id], rules, async (wanted) => {
    const settled = await finalReceipts(store, wanted);
    return new Map(wanted.map((one) => [one.id, { settled: settled.get(one.id) }]));
  });
  return plan ?? { id, left: GONE };
}

/** Marks the dead letters as replayed, in one transaction, so that they may be published now. In the order of `ids`. */
export function claimReplays(store: Store, ids: readonly string[], rules: Rules): Promise<Plan[]> {
  return planAll(store, ids, rules, (wanted) => markReplays(store, wanted));
}

async function planAll(store: Store, ids: readonly string[], rules: Rules, claim: Claim): Promise<Plan[]> {
  const plans = new Map<string, Plan>(ids.map((id) => [id, { id, left: GONE }]));
  let open = await readDeadLetters(store, ids);
  // Those whose own key has settled another update are planned once more with that known.
  for (const keyTaken of [false, true]) {
    const ready: { letter: DeadLetterRecord; replay: Ready }[] = [];
    for (const letter of open) {
      const replay = planReplay(letter, { ...rules, now: new Date() }, keyTaken);
      const left = replay.refusal ?? brokersRefusal(replay, rules);
      if (left !== undefined) plans.set(letter.id, { id: letter.id, left });
      else if (replay.refusal === undefined) ready.push({ letter, replay });
    }
    if (ready.length === 0) break;
    const claims = await claim(ready.map(({ letter: { id }, replay: { key } }) => ({ id, key })));
    open = [];
    for (const one of ready) {
      const claimed = claims.get(one.letter.id) ?? { gone: true };
      if (!keyTaken && isAnothers(one.replay, claimed)) open.push(one.letter);
      else plans.set(one.letter.id, planOf(one, claimed));
    }
  }
  return [...plans.values()];
}

function planOf(one: { letter: DeadLetterRecord; replay: Ready }, { mark, settled, gone }: Claimed): Plan {
  const { id } = one.letter;
  if (gone) return { id, left: GONE };
  return settled === undefined
    ? { id, ...one, mark }
    : { id, left: `nothing to do: its update has been settled meanwhile (${settled.outcome})` };
}

/** The key's receipt is that of another update. */
function isAnothers(replay: Ready, { settled }: Claimed): boolean {
  return settled !== undefined && settled.fingerprint !== replay.decoded.fingerprint;
}

function brokersRefusal({ data, attributes }: Ready, { messageFault }: Rules): string | undefined {
  const fault = messageFault(data, attributes);
  return fault === undefined ? undefined : `the broker would not take it: ${fault}`;
}

const GONE = "it has been discarded or purged meanwhile";
