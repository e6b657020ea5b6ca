import { setTimeout as delay } from "node:timers/promises";
import { xoshiro128 } from "../local/broker/random.ts";
import type { Publisher } from "../pubsub/port.ts";
import type { ChaosPlan, PlannedUpdate } from "./chaos-plan.ts";

/** The two ways by which updates are published. */
export interface Ways {
  readonly publisher: Publisher;
  /** Of the sidecar. */
  readonly url: string;
  /** Messages that the broker has and nobody has settled. */
  readonly waiting: () => number;
}

/** How far it is. */
export interface Sending {
  /** Messages that the broker has confirmed. */
  readonly confirmed: number;
  /** The ids under which the broker has confirmed each key; the sidecar's word and the publisher's. */
  readonly messageIds: ReadonlyMap<string, readonly string[]>;
  /** Tries that failed and were made again under the same key. */
  readonly retries: number;
  /** Resolves when all are confirmed. */
  readonly done: Promise<void>;
}

/** Of 100 messages so many go through the sidecar, in lists. */
const BY_HTTP = 20;
const LIST = 50;
const TICK_MS = 50;
const RETRY_MS = 250;
/** Else all would be published before much has happened. */
const MOST_WAITING = 3_000;

/**
 * Publishes the plan in its order, over this time or longer: in some seconds little, in others much, and none while too many
 * wait. What is not confirmed is sent again
 * under its key, for as long as it takes; that the broker may have it twice is what it is for.
 */
export function sendUpdates(plan: ChaosPlan, seconds: number, ways: Ways, signal: AbortSignal): Sending {
  const state: State = { confirmed: 0, retries: 0, messageIds: new Map() };
  const due = pace(plan, seconds);
  const run = async () => {
    const began = performance.now();
    const sends: Promise<void>[] = [];
    for (let sent = 0; sent < plan.messages.length; ) {
      signal.throwIfAborted();
      const until = ways.waiting() < MOST_WAITING ? due((performance.now() - began) / 1000) : sent;
      for (; sent < until; sent += LIST) {
        const part = plan.messages.slice(sent, Math.min(sent + LIST, until));
        sends.push(sendPart(part, isByHttp(plan, sent), ways, state, signal));
        if (part.length < LIST) {
          sent = until;
          break;
        }
      }
      await delay(TICK_MS);
    }
    await Promise.all(sends);
  };
  return {
    get confirmed() {
      return state.confirmed;
    },
    messageIds: state.messageIds,
    get retries() {
      return state.retries;
    },
    done: run(),
  };
}

interface State {
  confirmed: number;
  retries: number;
  readonly messageIds: Map<string, string[]>;
}

function note({ messageIds }: State, key: string, id: string): void {
  messageIds.set(key, [...(messageIds.get(key) ?? []), id]);
}

function isByHttp({ seed }: ChaosPlan, at: number): boolean {
  return xoshiro128(seed, 200 + at)() * 100 < BY_HTTP;
}

/** How many are due after so many seconds. */
function pace({ seed, messages }: ChaosPlan, seconds: number): (after: number) => number {
  const random = xoshiro128(seed, 102);
  const whole = Math.max(1, Math.round(seconds));
  const weights = Array.from({ length: whole }, () => [0.2, 1, 1, 3][Math.floor(random() * 4)] ?? 1);
  const sum = weights.reduce((a, b) => a + b, 0);
  return (after) => {
    const full = Math.min(Math.floor(after), whole);
    const before = weights.slice(0, full).reduce((a, b) => a + b, 0);
    const share = full === whole ? 1 : (before + (after - full) * (weights[full] ?? 0)) / sum;
    return Math.min(messages.length, Math.floor(messages.length * share));
  };
}

async function sendPart(
  part: readonly PlannedUpdate[],
  byHttp: boolean,
  ways: Ways,
  state: State,
  signal: AbortSignal,
): Promise<void> {
  let open = part;
  for (let first = true; ; first = false) {
    const refused =
      byHttp && first ? await post(open, ways.url, state) : await publish(open, ways.publisher, state);
    state.confirmed += open.length - refused.length;
    if (refused.length === 0) return;
    state.retries += refused.length;
    open = refused;
    await delay(RETRY_MS, undefined, { signal });
  }
}

/** Gives those that were not confirmed. */
async function publish(
  part: readonly PlannedUpdate[],
  publisher: Publisher,
  state: State,
): Promise<PlannedUpdate[]> {
  const results = await Promise.allSettled(
    part.map(({ key, data }) => publisher.publish(Buffer.from(data), { "idempotency-key": key })),
  );
  return part.filter(({ key }, i) => {
    const result = results[i];
    if (result?.status === "fulfilled") note(state, key, result.value);
    return result?.status === "rejected";
  });
}

/** Gives those that were not confirmed: also what the sidecar refuses for good, which is then published around it. */
async function post(part: readonly PlannedUpdate[], url: string, state: State): Promise<PlannedUpdate[]> {
  const known = part.filter(({ data }) => data.startsWith("{"));
  const items = known.map(({ key, data }) => `${data.slice(0, -1)},"idempotencyKey":${JSON.stringify(key)}}`);
  try {
    const answer = await fetch(`${url}/updates`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"updates":[${items.join(",")}]}`,
      signal: AbortSignal.timeout(15_000),
    });
    const { results } = (await answer.json()) as { results?: { status: number; messageId?: string }[] };
    if (results === undefined) return [...part];
    return part.filter((one) => {
      const result = results[known.indexOf(one)];
      if (result?.messageId !== undefined) note(state, one.key, result.messageId);
      return result?.status !== 202;
    });
  } catch {
    return [...part];
  }
}
