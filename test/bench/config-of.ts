import { type Config, readConfig } from "../../src/config.ts";
import type { Job } from "./job.ts";

/**
 * Google's emulator gives each stream about 2,000 messages a second and takes less CPU the fewer there are: with 12 rowpost is fastest
 * (10, 15, 20 and 40 were tried), the raw pipeline with the 20 of `candidates/pull.ts`.
 */
const EMULATOR_STREAMS = "12";

/** rowpost's configuration for a place of the bench: its defaults, but for the number of streams, the sidecar's port and `settings`. */
export function configOf({
  database,
  pubsub,
  settings = {},
}: Pick<Job, "database" | "pubsub" | "settings">): Config {
  const { config, faults } = readConfig({
    INSTANCE_HOST: database.host,
    DB_PORT: String(database.port),
    DB_USER: database.user,
    DB_PASS: database.password,
    DB_NAME: database.name,
    GOOGLE_CLOUD_PROJECT: pubsub.project,
    PUBSUB_TOPIC: pubsub.topic,
    PUBSUB_SUBSCRIPTION: pubsub.subscription,
    PUBSUB_BACKSTOP_TOPIC: pubsub.backstopTopic,
    PUBSUB_BACKSTOP_SUBSCRIPTION: pubsub.backstopSubscription,
    PUBSUB_STREAMS: EMULATOR_STREAMS,
    PORT: "0",
    ...settings,
  });
  if (config === undefined) throw new Error(faults.join("\n"));
  return config;
}
