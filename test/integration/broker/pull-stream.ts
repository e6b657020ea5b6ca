import type { protos, v1 } from "@google-cloud/pubsub";
import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import { until } from "../../support/until.ts";
import type { Received } from "./fixture.ts";

type Request = protos.google.pubsub.v1.IStreamingPullRequest;
type Response = protos.google.pubsub.v1.IStreamingPullResponse;

/** One StreamingPull call, and what it has brought. */
export class PullStream {
  readonly received: Received[] = [];
  readonly responses: Response[] = [];
  /** How it ended; undefined: it is open. */
  status: StatusObject | undefined;
  readonly #call: ClientDuplexStream<Request, Response>;

  constructor(client: v1.SubscriberClient, first: Request) {
    this.#call = client.streamingPull() as unknown as ClientDuplexStream<Request, Response>;
    this.#call.on("data", (response: Response) => {
      this.responses.push(response);
      this.received.push(...(response.receivedMessages ?? []));
    });
    this.#call.on("error", (error: Error & Partial<StatusObject>) => {
      this.status ??= error as unknown as StatusObject;
    });
    this.#call.on("end", () => {
      this.status ??= { code: 0, details: "", metadata: undefined as never };
    });
    this.write(first);
  }

  write(request: Request): void {
    this.#call.write(request);
  }

  /** Waits until so many messages have come, and gives them. */
  async until(count: number, timeoutMs = 5_000): Promise<Received[]> {
    await until(`${count} messages`, () => this.received.length >= count, {
      timeoutMs,
      seen: () => this.status ?? this.received.length,
    });
    return this.received;
  }

  /** Waits for the end, and gives its status. */
  ended(): Promise<StatusObject> {
    return until("the stream ends", () => this.status, { timeoutMs: 5_000 });
  }

  cancel(): void {
    this.#call.cancel();
  }
}
