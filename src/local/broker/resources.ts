import { Deadlines } from "./deadlines.ts";
import type { Delivery } from "./delivery.ts";
import type { Faults } from "./faults.ts";
import type { Publication, SentMessage } from "./message.ts";
import type { PublishRequest } from "./publish-request.ts";
import { idOfName, projectOf } from "./resource-name.ts";
import { Schemas } from "./schemas.ts";
import type { SubscriptionSettings } from "./settings.ts";
import { Slab } from "./slab.ts";
import { notFound } from "./status-error.ts";
import { Subscription, type Surroundings } from "./subscription.ts";
import type { Topic } from "./topic.ts";
import { encodeEntry } from "./wire.ts";

/** Stands for the topic of a subscription whose topic was deleted. */
export const DELETED_TOPIC = "_deleted-topic_";
/** Stands for the schema of a topic whose schema was deleted. */
const DELETED_SCHEMA = "_deleted-schema_";

/** All that a broker holds. */
export class Resources implements Surroundings {
  readonly topics = new Map<string, Topic>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly schemas: Schemas;
  readonly deadlines = new Deadlines();
  readonly faults: Faults;
  readonly now: () => number;
  // Ids go on where no earlier broker on this machine has been: a message's id may have become an idempotency key.
  readonly #idBase: number;
  readonly #slab = new Slab();
  #sequence = 0;
  #subscriptionNumbers = 0;

  /** `now` gives milliseconds since 1970. */
  constructor(faults: Faults, now: () => number = Date.now) {
    this.faults = faults;
    this.now = now;
    this.schemas = new Schemas(now);
    this.#idBase = now() * 1_000;
  }

  topic(name: string): Topic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw notFound(name);
    return topic;
  }

  subscription(name: string): Subscription {
    const subscription = this.subscriptions.get(name);
    if (subscription === undefined) throw notFound(name);
    return subscription;
  }

  /** Makes a subscription, whose topic must be there. */
  subscribe(settings: SubscriptionSettings): Subscription {
    const topic = this.topic(settings.topic);
    const subscription = new Subscription(this, ++this.#subscriptionNumbers, settings);
    this.subscriptions.set(settings.name, subscription);
    topic.subscriptions.add(subscription);
    return subscription;
  }

  /** Publishes and gives the messages' ids. Throws, and publishes none, when one does not fit the topic's schema. */
  publish({ bytes, topic: name, messages }: PublishRequest): string[] {
    const topic = this.topic(name);
    const { schemaSettings } = topic.settings;
    const firstSequence = this.#sequence;
    const publication = this.#publication(firstSequence);
    if (schemaSettings === null) {
      topic.publish(bytes, messages, publication);
    } else {
      const { schema, encoding } = schemaSettings;
      const revisions = messages.map(({ dataStart, dataEnd }) =>
        this.schemas.match(schemaSettings, bytes.subarray(dataStart, dataEnd)),
      );
      for (const { from, to, revision } of runs(revisions)) {
        const added = encodeAttributes({
          googclient_schemaencoding: encoding,
          googclient_schemaname: schema,
          googclient_schemarevisionid: revision,
        });
        const part = { ...publication, firstSequence: firstSequence + from, added };
        topic.publish(bytes, messages.slice(from, to), part);
      }
    }
    this.#sequence += messages.length;
    return messages.map((_, index) => String(this.#idBase + firstSequence + index));
  }

  deadLetter({ message, failures }: Delivery, from: SubscriptionSettings): boolean {
    const topic = this.topics.get(from.deadLetterPolicy?.deadLetterTopic ?? "");
    if (topic === undefined) return false;
    const { block, start, end, key } = message;
    const added = encodeAttributes({
      CloudPubSubDeadLetterSourceDeliveryCount: String(failures),
      CloudPubSubDeadLetterSourceSubscription: idOfName(from.name),
      CloudPubSubDeadLetterSourceSubscriptionProject: idOfName(projectOf(from.name)),
      CloudPubSubDeadLetterSourceTopicPublishTime: new Date(block.publishedAt).toISOString(),
    });
    const sent: SentMessage = { start, end, dataStart: start, dataEnd: start, key };
    topic.publish(block.bytes, [sent], { ...this.#publication(this.#sequence++), added });
    return true;
  }

  /** Its topics take no message until they get another schema, or none. */
  deleteSchema(name: string): object {
    this.schemas.delete(name);
    for (const topic of this.topics.values()) {
      const { settings } = topic;
      if (settings.schemaSettings?.schema !== name) continue;
      topic.settings = {
        ...settings,
        schemaSettings: { ...settings.schemaSettings, schema: DELETED_SCHEMA },
      };
    }
    return {};
  }

  /** Ends all subscriptions. */
  close(reason: Error): void {
    for (const subscription of this.subscriptions.values()) subscription.close(reason);
    this.deadlines.clear();
    this.subscriptions.clear();
    this.topics.clear();
  }

  #publication(firstSequence: number): Publication {
    return { slab: this.#slab, publishedAt: this.now(), idBase: this.#idBase, firstSequence };
  }
}

function encodeAttributes(attributes: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(attributes).map(([key, value]) => encodeEntry(2, key, value)));
}

/** Neighbours that are the same. */
function* runs(revisions: readonly string[]) {
  let from = 0;
  for (let to = 1; to <= revisions.length; to++) {
    const revision = revisions[from] as string;
    if (revisions[to] === revision) continue;
    yield { from, to, revision };
    from = to;
  }
}
