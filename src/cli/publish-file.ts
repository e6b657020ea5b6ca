import { basename } from "node:path";
import { createEncoder } from "../messages/encode.ts";
import type { CliContext } from "./context.ts";
import { openJournal } from "./journal-file.ts";
import { Progress } from "./progress.ts";
import { type Input, openInput } from "./publish-input.ts";
import { number, type Snapshot } from "./publish-pace.ts";
import { type InputFlags, planInput } from "./publish-plan.ts";
import { Refusals } from "./publish-refusals.ts";
import { RefusedFile } from "./publish-refused.ts";
import { isComplete, reportLines } from "./publish-report.ts";
import { type Ending, PublishRun } from "./publish-run.ts";
import { openTopic } from "./publish-topic.ts";
import type { Tables } from "./with-store.ts";

/** What the command line says. */
export interface PublishFlags extends InputFlags {
  readonly keyPrefix: string;
  readonly randomKeys?: true;
  /** The first record to send, from 1. */
  readonly from: number;
  readonly dryRun?: true;
  /** Where to keep the refused records. */
  readonly refused?: string;
  /** The journal to go on with. */
  readonly journal?: string;
  readonly quiet?: true;
}

/**
 * Publishes a file, telling on standard error how it goes. Resolves with whether all of it was sent (or, in a dry run,
 * is valid). Rejects with a CliError for what is wrong use, before anything is sent, and for a disk that takes no more.
 */
export async function publishFile(
  context: CliContext,
  tables: Tables,
  file: string,
  flags: PublishFlags,
  patienceMs: number,
): Promise<boolean> {
  const config = context.config();
  const registry = await tables();
  await using input = await openInput(file, context.stdin, context.signal);
  const plan = planInput(input, flags, registry, config.limits);
  await using kept =
    flags.refused === undefined ? undefined : await RefusedFile.open(flags.refused, flags.from > 1);
  const sends = flags.dryRun !== true;
  await using journal =
    sends && flags.journal !== undefined
      ? await openJournal(flags.journal, { withoutLine: "stop" })
      : undefined;
  await using topic = sends ? await openTopic(context, patienceMs) : undefined;
  const refusals = new Refusals(input.name, kept, (line) => progress.say(line));
  const run = new PublishRun({
    input: plan,
    encode: createEncoder(registry, config.limits),
    publisher: topic?.publisher,
    journal,
    keys: { prefix: flags.keyPrefix, random: flags.randomKeys === true },
    from: flags.from,
    signal: context.signal,
    refused: (record, refusal) => refusals.add(record, refusal),
    room: () => refusals.room(),
  });
  using progress = new Progress(context.stderr, () => snapshotOf(run, input, flags), flags.quiet);
  const started = performance.now();
  const ending = await runTold(run, context.signal, (line) => progress.say(line));
  refusals.end();
  return report(run, ending, input, flags, performance.now() - started, (line) => progress.say(line));
}

/** Runs; when it is interrupted while something is under way, says what it still waits for. */
async function runTold(run: PublishRun, signal: AbortSignal, say: (line: string) => void): Promise<Ending> {
  const tell = () => {
    if (run.unconfirmed > 0) {
      say(`waiting for ${number(run.unconfirmed)} on their way; once more ends it at once`);
    }
  };
  signal.addEventListener("abort", tell);
  try {
    return await run.run();
  } finally {
    signal.removeEventListener("abort", tell);
  }
}

function report(
  run: PublishRun,
  ending: Ending,
  input: Input,
  flags: PublishFlags,
  elapsedMs: number,
  say: (line: string) => void,
): boolean {
  const { read, done, refused, failed, unconfirmed, settledUpTo } = run;
  const { dryRun = false, randomKeys = false, from } = flags;
  const counts = { read, done, refused, failed, unconfirmed, settledUpTo };
  const result = { name: input.name, ending, dryRun, randomKeys, from, elapsedMs, ...counts };
  const complete = isComplete(result);
  if (!complete || flags.quiet !== true) {
    reportLines(result).forEach(say);
  }
  return complete;
}

function snapshotOf(run: PublishRun, input: Input, { dryRun }: PublishFlags): Snapshot {
  const settled = run.settledUpTo;
  return {
    name: basename(input.name),
    verb: dryRun === true ? "valid" : "sent",
    done: run.done,
    refused: run.refused,
    failed: run.failed,
    bytes: run.bytes,
    size: input.size,
    remark: dryRun === true || settled === 0 ? "" : `settled up to record ${number(settled)}`,
  };
}
