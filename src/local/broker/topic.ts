import { encodeBlock, type Message, type Publication, type SentMessage } from "./message.ts";
import { Ring } from "./ring.ts";
import { milliseconds, type TopicSettings } from "./settings.ts";
import type { Subscription } from "./subscription.ts";

/** A topic: it hands messages to its subscriptions, and keeps them itself only when it has a retention of its own. */
export class Topic {
  settings: TopicSettings;
  readonly subscriptions = new Set<Subscription>();
  readonly #log = new Ring<Message>();

  constructor(settings: TopicSettings) {
    this.settings = settings;
  }

  publish(request: Buffer, sent: readonly SentMessage[], publication: Publication): void {
    const { messageRetentionDuration } = this.settings;
    if (this.subscriptions.size === 0 && messageRetentionDuration === null) return;
    const messages = encodeBlock(request, sent, publication);
    if (messageRetentionDuration !== null) {
      const oldest = publication.publishedAt - milliseconds(messageRetentionDuration);
      while ((this.#log.at(0)?.block.publishedAt ?? oldest) < oldest) this.#log.shift();
      for (const message of messages) this.#log.push(message);
    }
    for (const subscription of this.subscriptions) subscription.offer(messages);
  }

  /** What it retains, from the oldest on. */
  retained(): Iterable<Message> {
    return this.settings.messageRetentionDuration === null ? [] : this.#log;
  }
}
