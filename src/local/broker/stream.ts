import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Deadlines } from "./deadlines.ts";
import { type Consumer, type Delivery, type Room, sizeOf } from "./delivery.ts";
import type { Faults, Reset } from "./faults.ts";
import { Later } from "./later.ts";
import { encodeConfirmation, encodeProperties, encodeReceived } from "./pull-response.ts";
import { acknowledgeAll, modifyAll, type SettledIds } from "./settle.ts";
import { invalid, StatusError } from "./status-error.ts";
import type { Settled } from "./deliveries.ts";
import type { Subscription } from "./subscription.ts";
import { failure } from "./unary.ts";

export interface StreamRequest {
  readonly subscription: string;
  readonly ackIds: readonly string[];
  readonly modifyDeadlineSeconds: readonly number[];
  readonly modifyDeadlineAckIds: readonly string[];
  readonly streamAckDeadlineSeconds: number;
  readonly maxOutstandingMessages: number;
  readonly maxOutstandingBytes: number;
  readonly protocolVersion: number;
}

export type StreamCall = ServerDuplexStream<StreamRequest, Buffer>;

/** What a stream needs of its broker. */
export interface StreamSurroundings {
  readonly deadlines: Deadlines;
  readonly faults: Faults;
  /** Throws when there is none to be pulled. */
  subscriptionOf(name: string): Subscription;
  /** Ends the connection of a client, which "127.0.0.1:40400" names, without a word. */
  dropConnection(peer: string): void;
}

/** A StreamingPull, from its first request to its end. */
export function openStream(call: StreamCall, around: StreamSurroundings): void {
  let stream: Stream | undefined;
  call.on("data", (request: StreamRequest) => {
    try {
      if (stream === undefined) stream = new Stream(call, around, request);
      else stream.hear(request);
    } catch (error) {
      if (stream === undefined) call.emit("error", failure(error));
      else stream.end(failure(error) as unknown as Error);
    }
  });
  call.once("cancelled", () => stream?.leave());
  call.once("end", () => {
    stream?.leave();
    call.end();
  });
}

/** The lists of an AcknowledgeConfirmation and of a ModifyAckDeadlineConfirmation. */
const ACK_LISTS: Readonly<Record<Settled, number>> = { ok: 1, invalid: 2, unordered: 3, temporary: 4 };
const MODIFY_LISTS: Readonly<Record<Settled, number>> = { ok: 1, invalid: 2, unordered: 2, temporary: 3 };

class Stream implements Consumer {
  leaseMs: number;
  readonly #call: StreamCall;
  readonly #around: StreamSurroundings;
  readonly #subscription: Subscription;
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #keepsAlive: boolean;
  #messages = 0;
  #bytes = 0;
  /** A response is on its way to the client. */
  #sending = false;
  #ended = false;
  readonly #slow = new Later(() => this.#write());
  #late: Buffer | undefined;

  constructor(call: StreamCall, around: StreamSurroundings, first: StreamRequest) {
    const refusal = around.faults.refuse("pull");
    if (refusal !== undefined) throw new StatusError(refusal, "injected");
    this.#call = call;
    this.#around = around;
    this.#subscription = around.subscriptionOf(first.subscription);
    this.leaseMs = leaseMsOf(first);
    this.#maxMessages =
      first.maxOutstandingMessages > 0 ? first.maxOutstandingMessages : Number.POSITIVE_INFINITY;
    this.#maxBytes = first.maxOutstandingBytes > 0 ? first.maxOutstandingBytes : Number.POSITIVE_INFINITY;
    this.#keepsAlive = first.protocolVersion > 0;
    this.#settle(first);
    // Tells the client that it is connected, and what the subscription is like.
    call.write(encodeProperties(this.#subscription));
    this.#subscription.attach(this);
  }

  /** A further request. */
  hear(request: StreamRequest): void {
    if (this.#ended) return;
    const { subscription, maxOutstandingMessages, maxOutstandingBytes, protocolVersion } = request;
    if (
      subscription !== "" ||
      maxOutstandingMessages !== 0 ||
      maxOutstandingBytes !== 0 ||
      protocolVersion !== 0
    )
      throw invalid("Only the first request of a stream may say what it is for.");
    if (request.streamAckDeadlineSeconds !== 0) this.leaseMs = leaseMsOf(request);
    const said = this.#settle(request);
    if (!said && this.#keepsAlive) this.#call.write(encodeProperties(this.#subscription));
  }

  room(): Room {
    if (this.#ended || this.#sending || this.#bytes >= this.#maxBytes) return { messages: 0, bytes: 0 };
    return { messages: this.#maxMessages - this.#messages, bytes: this.#maxBytes - this.#bytes };
  }

  take(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.#bytes += sizeOf(delivery);
    this.#messages += deliveries.length;
    this.#sending = true;
    const messages = encodeReceived(this.#subscription, deliveries);
    this.#late = Buffer.concat([messages, encodeProperties(this.#subscription)]);
    const delay = this.#around.faults.delay(this.#late.length);
    if (delay === 0) this.#write();
    else this.#around.deadlines.set(this.#slow, delay);
  }

  released(delivery: Delivery): void {
    this.#messages--;
    this.#bytes -= sizeOf(delivery);
  }

  end(reason: Error): void {
    if (this.#ended) return;
    this.leave();
    this.#call.emit("error", reason);
  }

  /** The client is gone: nothing more goes to it, and what it has stays leased. */
  leave(): void {
    this.#ended = true;
    this.#around.deadlines.remove(this.#slow);
    this.#subscription.detach(this);
  }

  #write(): void {
    const bytes = this.#late;
    if (bytes === undefined || this.#ended) return;
    this.#late = undefined;
    this.#call.write(bytes, () => {
      this.#sending = false;
      const reset = this.#around.faults.reset();
      if (reset === undefined || this.#ended) this.#subscription.wake();
      else this.#reset(reset);
    });
  }

  #reset(reset: Reset): void {
    if (reset !== "connection") this.end(new StatusError(reset, "injected"));
    else {
      this.leave();
      this.#around.dropConnection(this.#call.getPeer());
    }
  }

  /** Settles what a request says; true when it said something. */
  #settle({ ackIds, modifyDeadlineAckIds, modifyDeadlineSeconds }: StreamRequest): boolean {
    if (modifyDeadlineAckIds.length !== modifyDeadlineSeconds.length)
      throw invalid("A request needs as many modify_deadline_seconds as modify_deadline_ack_ids.");
    if (modifyDeadlineSeconds.some((seconds) => seconds < 0 || seconds > 600))
      throw invalid("modify_deadline_seconds must be from 0 to 600.");
    const acked = acknowledgeAll(this.#subscription, ackIds);
    const modified = modifyAll(this.#subscription, modifyDeadlineAckIds, modifyDeadlineSeconds);
    if (this.#subscription.rules.exactlyOnce && acked.size + modified.size > 0) {
      const confirmations = [
        ...(acked.size > 0 ? [encodeConfirmation(5, lists(acked, ACK_LISTS))] : []),
        ...(modified.size > 0 ? [encodeConfirmation(3, lists(modified, MODIFY_LISTS))] : []),
      ];
      this.#call.write(Buffer.concat([...confirmations, encodeProperties(this.#subscription)]));
    }
    return ackIds.length + modifyDeadlineAckIds.length > 0;
  }
}

function leaseMsOf({ streamAckDeadlineSeconds: seconds }: StreamRequest): number {
  if (seconds < 10 || seconds > 600)
    throw invalid(`stream_ack_deadline_seconds must be from 10 to 600 and is ${seconds}.`);
  return seconds * 1_000;
}

function lists(
  settled: SettledIds,
  numbers: Readonly<Record<Settled, number>>,
): Map<number, readonly string[]> {
  return new Map([...settled].map(([result, ids]) => [numbers[result], ids]));
}
