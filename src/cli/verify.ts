import { Command, InvalidArgumentError, Option } from "commander";
import { databaseError } from "../store/trouble.ts";
import { type CliContext, CliError } from "./context.ts";
import { time } from "./dead-letters-filter.ts";
import { widthOf } from "./print-table.ts";
import { printable } from "./printable.ts";
import { number } from "./publish-pace.ts";
import { readJournal } from "./verify-journal.ts";
import type { Part } from "./verify-parts.ts";
import { printTally, printUpdates, updatesOf, writeUpdates } from "./verify-report.ts";
import { runRounds, type Tally } from "./verify-rounds.ts";
import { Updates } from "./verify-updates.ts";
import { shippedTables, type Tables, withStore } from "./with-store.ts";

interface VerifyFlags {
  readonly wait?: number;
  readonly since?: Date;
  readonly olderThan: number;
  readonly all?: true;
  readonly json?: true;
}

const HELP = `
JOURNAL is a file that \`rowpost publish --journal\` or a sidecar with PUBLISH_JOURNAL has written; - is standard input.
Several may name the same updates: each counts once, by its key and fingerprint.

An update that was sent, and not confirmed by the broker, is looked up like any other; without a receipt it is told as
perhaps never published, and does not fail the command: publish it again under the same key.

Exit codes: 0 every update that the broker confirmed is accounted for, or still young; 1 some are stuck or unaccounted
for, or with --wait still pending; 2 wrong use.`;

/** `rowpost verify JOURNAL…`: what became of each update that was published. A pool of one connection is enough. */
export function verifyCommand(context: CliContext, tables: Tables = shippedTables): Command {
  return new Command("verify")
    .description("Compares a publisher's journals with the receipts and dead letters in the database")
    .argument("<journal...>", "the journals")
    .addOption(
      new Option("--wait <seconds>", "wait until every update has settled, so long at the most").argParser(
        seconds,
      ),
    )
    .addOption(
      new Option(
        "--since <time>",
        "only lines of then or later; RFC 3339, or 90s, 45m, 2h, 3d ago",
      ).argParser(time),
    )
    .addOption(
      new Option("--older-than <seconds>", "age from which an update without a receipt is stuck")
        .default(60)
        .argParser(seconds),
    )
    .option("--all", "list all updates that are not accounted for, not the first 20 of a kind")
    .option("--json", "each of them as one JSON object a line, and the counts in the last line")
    .addHelpText("after", HELP)
    .action((journals: readonly string[], flags: VerifyFlags) => verify(context, tables, journals, flags));
}

async function verify(
  context: CliContext,
  tables: Tables,
  journals: readonly string[],
  flags: VerifyFlags,
): Promise<void> {
  const { receiptHours, deadLetterHours } = context.config().retention;
  await using updates = new Updates();
  const read = await readAll(context, journals, flags.since, updates);
  const parts = updates.parts();
  await withStore(context, tables, 1, async (store) => {
    const tally = await runRounds({
      store,
      parts,
      rules: {
        pendingMs: flags.olderThan * 1_000,
        receiptMs: receiptHours * 3_600_000,
        deadLetterMs: deadLetterHours * 3_600_000,
      },
      waitMs: (flags.wait ?? 0) * 1_000,
      signal: context.signal,
      trouble: (error) =>
        context.stderr.write(`cannot look up receipts, and tries again: ${databaseError(error).message}\n`),
    });
    if (tally === undefined) throw new CliError("stopped before all was looked up");
    await report(context, parts, tally, read, { ...flags, receiptHours });
    const late = flags.wait !== undefined && tally.pending > 0;
    context.exitCode(tally.stuck + tally.unaccounted > 0 || late ? 1 : 0);
  });
}

/** What is not an update in the journals. */
interface Read {
  lines: number;
  torn: number;
  lost: number;
}

/** Places that are told one by one. */
const MOST_TOLD = 5;

async function readAll(
  { stdin, stderr, signal }: CliContext,
  journals: readonly string[],
  since: Date | undefined,
  updates: Updates,
): Promise<Read> {
  const read: Read = { lines: 0, torn: 0, lost: 0 };
  let told = 0;
  const tell = (text: string) => {
    told += 1;
    if (told <= MOST_TOLD) stderr.write(`${text}\n`);
  };
  for (const journal of journals) {
    await readJournal(journal, {
      stdin,
      signal,
      note: (line) => {
        read.lines += 1;
        if (!(line.at < (since?.getTime() ?? line.at))) updates.add(line);
      },
      lost: (lines, place) => {
        read.lost += lines;
        tell(
          `${place}: ${number(lines)} lines before this one are missing, since the disk did not take them`,
        );
      },
      torn: (place) => {
        read.torn += 1;
        tell(`${place}: half-written line, left out`);
      },
    });
    if (signal.aborted) throw new CliError("stopped before the end of the journals");
  }
  if (told > MOST_TOLD) stderr.write(`… ${number(told - MOST_TOLD)} more such places\n`);
  if (read.lines === 0) stderr.write(`${journals.map(printable).join(", ")}: no update is noted here\n`);
  return read;
}

async function report(
  { stdout }: CliContext,
  parts: readonly Part[],
  tally: Tally,
  { torn, lost }: Read,
  flags: VerifyFlags & { readonly receiptHours: number },
): Promise<void> {
  if (flags.json) {
    await writeUpdates(stdout, parts);
    stdout.write(
      `${JSON.stringify({ updates: updatesOf(tally), ...tally, tornLines: torn, lostLines: lost })}\n`,
    );
    return;
  }
  const width = widthOf(stdout);
  const rules = { pendingSeconds: flags.olderThan, receiptHours: flags.receiptHours };
  stdout.write(printTally(tally, rules, width));
  stdout.write(await printUpdates(parts, tally, flags.all === true, width));
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 86_400 * 366))
    throw new InvalidArgumentError("a number of seconds.");
  return value;
}
