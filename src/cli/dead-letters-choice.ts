import { type Command, Option } from "commander";
import type { DeadLetterFilter } from "../store/dead-letter-filter.ts";
import { countDeadLetters, lastOf, listDeadLetters } from "../store/dead-letter-read.ts";
import type { Store } from "../store/store.ts";
import { type CliContext, CliError } from "./context.ts";
import { type FilterFlags, filterOf, narrows, parseCount, withFilter } from "./dead-letters-filter.ts";
import { printCounts } from "./dead-letters-list.ts";
import { type PrintRow, printTable, widthOf } from "./print-table.ts";
import { printable } from "./printable.ts";

/** The options of a command that does something to dead letters. */
export interface ChoiceFlags extends FilterFlags {
  readonly all?: true;
  readonly limit?: number;
  readonly yes?: true;
}

/** Adds the options that choose dead letters to do something to. */
export function withChoice(command: Command): Command {
  return withFilter(command)
    .option("--all", "every dead letter")
    .addOption(new Option("--limit <n>", "only the oldest of them").argParser(parseCount))
    .option("--yes", "go on without asking");
}

/** Dead letters that are shown one by one before something is done to all. */
const FIRST = 10;

/**
 * Shows the dead letters that the options choose: how many of each code and table, and the oldest one by one with the lines
 * that `say` has for each. Gives the filter that chooses just these, whatever comes after, and their number; or undefined when
 * there are none. Throws a {@link CliError} when no option chooses.
 */
export async function chosen(
  context: CliContext,
  store: Store,
  flags: ChoiceFlags,
  say: (id: string) => Promise<readonly string[]>,
): Promise<{ readonly filter: DeadLetterFilter; readonly count: number } | undefined> {
  const asked = filterOf(flags);
  if (!narrows(asked) && !flags.all) {
    throw new CliError(
      "say which dead letters: --id, --key, --code, --table, --since, --until, --open, or --all",
      2,
    );
  }
  const upTo = await lastOf(store, asked, flags.limit);
  if (upTo === undefined) {
    context.stdout.write("no dead letters\n");
    return undefined;
  }
  const filter = { ...asked, upTo };
  const counts = await countDeadLetters(store, filter);
  const width = widthOf(context.stdout);
  context.stdout.write(`${printCounts(counts, width, new Date())}\n`);
  context.stdout.write(await printFirst(store, filter, width, say));
  const count = counts.reduce((sum, one) => sum + one.count, 0);
  if (count > FIRST) context.stdout.write(`and ${count - FIRST} more\n`);
  context.stdout.write("\n");
  return { filter, count };
}

async function printFirst(
  store: Store,
  filter: DeadLetterFilter,
  width: number,
  say: (id: string) => Promise<readonly string[]>,
): Promise<string> {
  const rows: PrintRow[] = [];
  for (const { id, code, idempotencyKey } of await listDeadLetters(store, filter, {
    order: "oldest",
    limit: FIRST,
  })) {
    rows.push({ cells: [id, code, printable(idempotencyKey)], below: await say(id) });
  }
  const columns = [
    { title: "ID", align: "right" },
    { title: "CODE" },
    { title: "KEY", cut: "middle" },
  ] as const;
  return printTable(columns, rows, width);
}
