import { Command, InvalidArgumentError, Option } from "commander";
import { foreseeReplay, type Rules } from "../apply/replay-plan.ts";
import { publishDeadLetters, type ReplayWork } from "../apply/replay-publish.ts";
import type { Config } from "../config.ts";
import { createDecoder } from "../messages/decode.ts";
import { messageFault } from "../pubsub/message-limits.ts";
import type { DeadLetterFilter } from "../store/dead-letter-filter.ts";
import type { Store } from "../store/store.ts";
import type { Registry } from "../tables/definition.ts";
import { authorityOf, signerOf } from "./assemble-authority.ts";
import { confirm } from "./confirm.ts";
import { type CliContext, CliError } from "./context.ts";
import { type ChoiceFlags, chosen, withChoice } from "./dead-letters-choice.ts";
import { planLines } from "./dead-letters-preview.ts";
import { ReplayTally } from "./dead-letters-tally.ts";
import { awaitOutcomes, needsSomebody, printOutcomes } from "./dead-letters-wait.ts";
import { widthOf } from "./print-table.ts";
import { type Tables, withStore } from "./with-store.ts";

interface ReplayFlags extends ChoiceFlags {
  readonly newKey?: true;
  readonly wait?: number;
}

/** Connections: the groups under way take one each. */
const POOL = 5;

/** `rowpost dead-letters replay`: publishes the originals again, under their own idempotency keys. */
export function replayCommand(context: CliContext, tables: Tables): Command {
  const command = new Command("replay").description(
    "Publishes the originals again, each under its own idempotency key; shows first what that would touch",
  );
  return withChoice(command)
    .option("--new-key", "give another key to those that can't be replayed under their own")
    .addOption(new Option("--wait <seconds>", "wait for what becomes of them").argParser(parseSeconds))
    .action((flags: ReplayFlags) =>
      withStore(context, tables, POOL, (store, registry) => replay(context, store, registry, flags)),
    );
}

async function replay(
  context: CliContext,
  store: Store,
  registry: Registry,
  flags: ReplayFlags,
): Promise<void> {
  const config = context.config();
  const signer = await signerOf(config);
  const rules: Rules = {
    decode: createDecoder(registry, config.limits, authorityOf(config, registry, signer)),
    signer,
    maxAgeHours: config.retention.replayMaxAgeHours,
    newKey: flags.newKey === true,
    newKeyBy: "add --new-key",
    messageFault,
  };
  const choice = await chosen(context, store, flags, async (id) =>
    planLines(await foreseeReplay(store, id, rules)),
  );
  if (choice === undefined) return;
  const { filter, count } = choice;
  const topic = config.pubsub.topic;
  await confirm(context, `Publish ${count === 1 ? "it" : `these ${count}`} to ${topic} again?`, flags.yes);
  const tally = new ReplayTally(count, context.stderr);
  try {
    await publish(context, config, { store, rules, signal: context.signal }, filter, tally);
  } finally {
    context.stdout.write(tally.report(topic));
  }
  const missed = flags.wait === undefined ? 0 : await wait(context, store, tally.published, flags.wait);
  context.exitCode(tally.allDone && missed === 0 ? 0 : 1);
}

async function publish(
  context: CliContext,
  config: Config,
  work: Omit<ReplayWork, "publisher">,
  filter: DeadLetterFilter,
  tally: ReplayTally,
): Promise<void> {
  const { openPubSub } = await import("../pubsub/client.ts");
  const { createUpdatePublisher } = await import("./update-publisher.ts");
  const { PubSubError } = await import("../pubsub/trouble.ts");
  const { project, topic } = config.pubsub;
  await using client = openPubSub({ project, emulatorHost: context.emulatorHost });
  const publisher = createUpdatePublisher(client, topic);
  const replayer = {
    publish: (data: Buffer, attributes: Readonly<Record<string, string>>) =>
      publisher.publish(data, attributes),
    refuses: (error: unknown): error is Error =>
      error instanceof PubSubError && error.status === "INVALID_ARGUMENT",
  };
  try {
    await publishDeadLetters({ ...work, publisher: replayer }, filter, (replayed) => tally.add(replayed));
  } catch (error) {
    if (error instanceof PubSubError) throw new CliError(`stopped: ${error.message}`, 1, { cause: error });
    throw error;
  } finally {
    await publisher.close();
  }
}

/** Gives how many still need somebody. */
async function wait(
  context: CliContext,
  store: Store,
  ids: readonly string[],
  seconds: number,
): Promise<number> {
  if (ids.length === 0 || context.signal.aborted) return 0;
  const outcomes = await awaitOutcomes(store, ids, seconds, context.signal);
  context.stdout.write(`\n${printOutcomes(outcomes, widthOf(context.stdout))}`);
  return outcomes.filter(needsSomebody).length;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400))
    throw new InvalidArgumentError("a number of seconds, up to 86400.");
  return seconds;
}
