import type { PubSubClient } from "./client.ts";
import { explain, type Resource, statusOf } from "./trouble.ts";

const PERMISSION = "pubsub.topics.publish";

/**
 * Whether the broker would take a message for this topic now: undefined, or one sentence that says why not. Sends no message,
 * never rejects, and answers within `timeoutMs`.
 *
 * Asks testIamPermissions, which needs no permission itself; it says the same of a topic that is missing and of one that may not
 * be published to (Pub/Sub's reference, "TestIamPermissions"), so only then the topic itself is read. Emulators know only that.
 */
export async function probeTopic(
  client: PubSubClient,
  topic: string,
  timeoutMs: number,
): Promise<string | undefined> {
  const { project, address } = client;
  const resource = { kind: "topic", name: topic, project, address, purpose: "publish to" } as const;
  const late = Promise.withResolvers<string>();
  const silence = Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 4 });
  const timer = setTimeout(() => late.resolve(explain(silence, resource)), timeoutMs);
  try {
    return await Promise.race([ask(client, resource, timeoutMs), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function ask(
  { api, emulator }: PubSubClient,
  resource: Resource,
  timeoutMs: number,
): Promise<string | undefined> {
  const topic = api.topic(resource.name);
  const options = { timeout: timeoutMs, retry: null };
  try {
    const [granted] = emulator ? [] : await topic.iam.testPermissions(PERMISSION, options);
    if (granted?.[PERMISSION] === true) return undefined;
    await topic.getMetadata(options);
    return emulator ? undefined : explain(FORBIDDEN, resource);
  } catch (error) {
    // Who may not publish to it often may not read it either.
    return explain(statusOf(error) === "PERMISSION_DENIED" ? HIDDEN : error, resource);
  }
}

const FORBIDDEN = Object.assign(new Error(`${PERMISSION} is not granted`), { code: 7 });
const HIDDEN = Object.assign(new Error(`${PERMISSION} is not granted, or the topic does not exist`), {
  code: 7,
});
