import { EventEmitter } from "node:events";
import { protos } from "@google-cloud/pubsub";
import { receivedMessages as readMessages } from "../../src/pubsub/received.ts";
import type { Subscriber } from "../../src/pubsub/subscriber.ts";

const { StreamingPullResponse } = protos.google.pubsub.v1;

/** A StreamingPull as the client hands it out, played by the test. */
export class FakeStream extends EventEmitter {
  readonly written: Record<string, unknown>[] = [];
  cancelled = false;
  paused = false;

  write(request: Record<string, unknown>): void {
    this.written.push(request);
  }

  cancel(): void {
    this.cancelled = true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Sends messages with these ids; none: the answer to a ping. */
  send(...ackIds: readonly string[]): void {
    const receivedMessages = ackIds.map((ackId) => ({
      ackId,
      message: { data: Buffer.from("{}"), attributes: {}, messageId: ackId },
    }));
    this.emit("data", readMessages(Buffer.from(StreamingPullResponse.encode({ receivedMessages }).finish())));
  }
}

/** One request about deliveries; `seconds` undefined: an acknowledgement. */
export interface Asked {
  readonly ids: readonly string[];
  readonly seconds: number | undefined;
}

/** The client's gRPC layer without a broker: notes what is asked, and answers as it is told. */
export class FakeSubscriber implements Subscriber {
  readonly streams: FakeStream[] = [];
  readonly asked: Asked[] = [];
  /** Rejects a request with what it returns. */
  refuse: (asked: Asked) => unknown = () => undefined;
  initialized: Promise<unknown> = Promise.resolve();

  initialize(): Promise<unknown> {
    return this.initialized;
  }

  streamingPull(): FakeStream {
    const stream = new FakeStream();
    this.streams.push(stream);
    return stream;
  }

  acknowledge({ ackIds }: { ackIds: string[] }): Promise<void> {
    return this.#answer({ ids: ackIds, seconds: undefined });
  }

  modifyAckDeadline(request: { ackIds: string[]; ackDeadlineSeconds: number }): Promise<void> {
    return this.#answer({ ids: request.ackIds, seconds: request.ackDeadlineSeconds });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #answer(asked: Asked): Promise<void> {
    this.asked.push(asked);
    const error = this.refuse(asked);
    if (error !== undefined) throw error;
  }
}

/** An error as gRPC makes it. */
export function grpcError(code: number, more: object = {}): Error {
  return Object.assign(new Error(`${code} SOME_STATUS: told by the test`), { code, ...more });
}
