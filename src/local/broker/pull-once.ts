import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import type { Deadlines } from "./deadlines.ts";
import type { Consumer, Delivery, Room } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import { Later } from "./later.ts";
import { encodeReceived } from "./pull-response.ts";
import { invalid, StatusError } from "./status-error.ts";
import type { Subscription } from "./subscription.ts";

export interface PullRequest {
  readonly subscription: string;
  readonly maxMessages: number;
  readonly returnImmediately: boolean;
}

/** Longest time to wait for a first message; the client's own deadline comes first where it is shorter. */
const MAX_WAIT_MS = 30_000;
/** An empty answer leaves this long before the client's deadline. */
const MARGIN_MS = 100;

/** One Pull call: answered with what there is, or with what comes first, or empty. Throws for a bad request. */
export function pullOnce(
  call: ServerUnaryCall<PullRequest, Buffer>,
  respond: sendUnaryData<Buffer>,
  of: { readonly subscription: Subscription; readonly deadlines: Deadlines; readonly faults: Faults },
): void {
  const { maxMessages, returnImmediately } = call.request;
  if (maxMessages <= 0) throw invalid("max_messages must be positive.");
  const refusal = of.faults.refuse("pull");
  if (refusal !== undefined) throw new StatusError(refusal, "injected");
  const { subscription, deadlines } = of;
  const finish = (error: Error | null, bytes: Buffer) => {
    deadlines.remove(timeout);
    subscription.detach(consumer);
    respond(error, bytes);
  };
  const consumer = new PullConsumer(subscription, maxMessages, finish);
  const timeout = new Later(() => finish(null, Buffer.alloc(0)));
  subscription.attach(consumer);
  const ready = subscription.fill(consumer, consumer.room());
  if (ready.length > 0) {
    consumer.take(ready);
  } else if (returnImmediately) {
    finish(null, Buffer.alloc(0));
  } else {
    deadlines.set(timeout, waitMs(call.getDeadline()));
    call.once("cancelled", () => {
      deadlines.remove(timeout);
      subscription.detach(consumer);
    });
  }
}

function waitMs(deadline: Date | number): number {
  const left = Number(deadline) - Date.now() - MARGIN_MS;
  return Math.max(0, Math.min(MAX_WAIT_MS, left));
}

class PullConsumer implements Consumer {
  readonly leaseMs: number;
  readonly #subscription: Subscription;
  readonly #messages: number;
  readonly #finish: (error: Error | null, bytes: Buffer) => void;
  #answered = false;

  constructor(
    subscription: Subscription,
    messages: number,
    finish: (error: Error | null, bytes: Buffer) => void,
  ) {
    this.leaseMs = subscription.rules.ackDeadlineMs;
    this.#subscription = subscription;
    this.#messages = messages;
    this.#finish = finish;
  }

  room(): Room {
    return { messages: this.#answered ? 0 : this.#messages, bytes: 9_000_000 };
  }

  take(deliveries: readonly Delivery[]): void {
    this.#answered = true;
    this.#finish(null, encodeReceived(this.#subscription, deliveries));
  }

  released(): void {}

  end(reason: Error): void {
    this.#finish(reason, Buffer.alloc(0));
  }
}
