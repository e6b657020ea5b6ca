import type { Publishable } from "../messages/encode.ts";
import { IDEMPOTENCY_KEY_ATTRIBUTE } from "../messages/idempotency-key.ts";
import type { Journal } from "../messages/journal.ts";
import type { Principal } from "../messages/principal.ts";
import type { Publisher } from "../pubsub/port.ts";
import { type TraceContext, writeTraceContext } from "../telemetry/trace-context.ts";
import type { Access } from "./access.ts";
import { HttpProblem } from "./problem.ts";

/** Who sends an update, and in which trace. */
export interface Sender {
  readonly principal: Principal;
  readonly trace: TraceContext | undefined;
}

/** What may be on its way to the broker at once. */
export interface OutboxLimits {
  readonly messages: number;
  readonly bytes: number;
}

export interface OutboxParts {
  /** Takes updates as plain JSON, whatever the topic's schema makes of them. */
  readonly publisher: Publisher;
  readonly access: Access;
  readonly limits: OutboxLimits;
  /** Keeps what is published, but for dead letters, which know themselves what became of them; undefined: nobody does. */
  readonly journal?: Journal | undefined;
  /** Hears why the broker did not take a message. */
  readonly refused: (error: unknown) => void;
}

/**
 * Publishes updates, and holds no more than its limits while the broker is slow or away: what comes then is refused at once,
 * so memory stays flat and publishers know.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  #messages = 0;
  #bytes = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Messages that the broker has not confirmed yet. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes of their data. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Resolves with the message id when the broker has the message. Rejects with an {@link HttpProblem}: `overloaded` (not
   * sent), `broker_unavailable` (perhaps sent: the same key may be sent again without harm).
   */
  publish(message: Publishable, { principal, trace }: Sender): Promise<string> {
    const { key, data, attributes } = message;
    const { access, journal, publisher } = this.#parts;
    return this.#hold(key, data.length, () => {
      const send = () =>
        publisher.publish(data, {
          ...attributes,
          ...access.attributes(principal, message),
          ...(trace === undefined ? {} : writeTraceContext(trace)),
        });
      return journal === undefined ? send() : journal.publish(message, send);
    });
  }

  /** Publishes a message as it stands, who sent it included: that of a dead letter. Rejects like {@link publish}. */
  republish(data: Buffer, attributes: Readonly<Record<string, string>>): Promise<string> {
    const send = () => this.#parts.publisher.publish(data, attributes);
    return this.#hold(attributes[IDEMPOTENCY_KEY_ATTRIBUTE] ?? "", data.length, send);
  }

  async #hold(key: string, bytes: number, send: () => Promise<string>): Promise<string> {
    const { limits, refused } = this.#parts;
    if (this.#messages >= limits.messages || this.#bytes + bytes > limits.bytes) throw overloaded(key);
    this.#messages += 1;
    this.#bytes += bytes;
    try {
      return await send();
    } catch (error) {
      refused(error);
      throw unavailable(key, error);
    } finally {
      this.#messages -= 1;
      this.#bytes -= bytes;
    }
  }
}

function overloaded(idempotencyKey: string): HttpProblem {
  const detail = "More updates wait for the broker than this process holds; send it again in a moment.";
  return new HttpProblem("overloaded", detail, {
    headers: { "retry-after": "1" },
    members: { idempotencyKey },
  });
}

function unavailable(idempotencyKey: string, cause: unknown): HttpProblem {
  const detail =
    "The broker did not confirm the update. It may have it all the same: send it again under the same idempotency key.";
  return new HttpProblem("broker_unavailable", detail, {
    headers: { "retry-after": "5" },
    members: { idempotencyKey },
    cause,
  });
}
