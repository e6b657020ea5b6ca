import type { DeadLetterFilter } from "../store/dead-letter-filter.ts";
import { unmarkReplays } from "../store/dead-letter-mark.ts";
import { listDeadLetters } from "../store/dead-letter-read.ts";
import type { Store } from "../store/store.ts";
import { claimReplays, type Plan, type Rules } from "./replay-plan.ts";

/** What became of one dead letter: published again, left alone for a reason, or refused by the broker. */
export type Replayed = { readonly id: string } & (
  | { readonly result: "published"; readonly key: string }
  | { readonly result: "left" | "failed"; readonly reason: string }
);

/** Where the originals go. */
export interface ReplayPublisher {
  /** Resolves when the broker has the message. */
  publish(data: Buffer, attributes: Readonly<Record<string, string>>): Promise<unknown>;
  /** Whether an error of `publish` is this message's own, so that the others may still be taken. */
  refuses(error: unknown): error is Error;
}

/** What a replay works with. */
export interface ReplayWork {
  readonly store: Store;
  readonly publisher: ReplayPublisher;
  readonly rules: Rules;
  /** Aborted: what is under way is finished, nothing else begun. */
  readonly signal: AbortSignal;
}

/** Groups under way at once, and what one group holds at the most: it is in memory, and marked before it is published. */
const LANES = 4;
const GROUP = 50;
const GROUP_BYTES = 4 * 1024 * 1024;
const PAGE = 500;

/**
 * Replays the dead letters that meet the filter, begun in the order of their ids; calls `done` for each. Rejects with the
 * first trouble that the others would meet too, the broker's or the database's, when those under way are finished.
 */
export async function publishDeadLetters(
  work: ReplayWork,
  filter: DeadLetterFilter,
  done: (replayed: Replayed) => void,
): Promise<void> {
  const trouble = new AbortController();
  const signal = AbortSignal.any([work.signal, trouble.signal]);
  const groups = groupsOf(work.store, filter);
  const lane = async () => {
    try {
      for (let next = await groups.next(); !next.done && !signal.aborted; next = await groups.next()) {
        await replayGroup({ ...work, signal }, next.value, done);
      }
    } catch (error) {
      trouble.abort();
      throw error;
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
  const failed = lanes.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

/**
 * Replays one dead letter; undefined when `work.signal` was aborted before. Rejects with what `publish` rejects with that is
 * not this message's own, when its mark has been taken back.
 */
export async function replayDeadLetter(work: ReplayWork, id: string): Promise<Replayed | undefined> {
  let replayed: Replayed | undefined;
  await replayGroup(work, [id], (one) => (replayed = one));
  return replayed;
}

/** Read page by page: what has been replayed no longer meets the filter's `open`. */
async function* groupsOf(store: Store, filter: DeadLetterFilter): AsyncGenerator<string[], void, void> {
  let after = "0";
  let group: string[] = [];
  let bytes = 0;
  for (;;) {
    const page = await listDeadLetters(store, filter, { order: "oldest", limit: PAGE, after });
    for (const one of page) {
      if (group.length === GROUP || (group.length > 0 && bytes + one.bytes > GROUP_BYTES)) {
        yield group;
        [group, bytes] = [[], 0];
      }
      group.push(one.id);
      bytes += one.bytes;
      after = one.id;
    }
    if (page.length < PAGE) break;
  }
  if (group.length > 0) yield group;
}

/** The marks come first, and those whose message the broker has not taken are taken back. */
async function replayGroup(
  work: ReplayWork,
  ids: readonly string[],
  done: (replayed: Replayed) => void,
): Promise<void> {
  const sent = await Promise.all(
    (await claimReplays(work.store, ids, work.rules)).map((plan) => send(work, plan)),
  );
  for (const { replayed } of sent) if (replayed !== undefined) done(replayed);
  const unsent = sent.filter(({ replayed }) => replayed?.result !== "published");
  await unmarkReplays(
    work.store,
    unsent.flatMap(({ plan }) => (plan.left === undefined ? (plan.mark ?? []) : [])),
  );
  const failed = sent.find(({ trouble }) => trouble !== undefined);
  if (failed !== undefined) throw failed.trouble;
}

/** Without `replayed` it has not been tried, or the broker's trouble is not this message's. */
interface Sent {
  readonly plan: Plan;
  readonly replayed?: Replayed;
  readonly trouble?: unknown;
}

async function send({ publisher, signal }: ReplayWork, plan: Plan): Promise<Sent> {
  const { id } = plan;
  if (plan.left !== undefined) return { plan, replayed: { id, result: "left", reason: plan.left } };
  if (signal.aborted) return { plan };
  try {
    await publisher.publish(plan.replay.data, plan.replay.attributes);
    return { plan, replayed: { id, result: "published", key: plan.replay.key } };
  } catch (error) {
    return publisher.refuses(error)
      ? { plan, replayed: { id, result: "failed", reason: error.message } }
      : { plan, trouble: error };
  }
}
