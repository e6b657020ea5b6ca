import type { Writable } from "node:stream";
import { Command, Option } from "commander";
import {
  countDeadLetters,
  type DeadLetterCount,
  type DeadLetterHead,
  listDeadLetters,
} from "../store/dead-letter-read.ts";
import type { Store } from "../store/store.ts";
import type { CliContext } from "./context.ts";
import { type FilterFlags, filterOf, parseCount, parseId, withFilter } from "./dead-letters-filter.ts";
import { type PrintRow, printTable, widthOf } from "./print-table.ts";
import { printable } from "./printable.ts";
import { type Tables, withStore } from "./with-store.ts";

interface ListFlags extends FilterFlags {
  readonly limit: number;
  readonly after?: string;
  readonly summary?: true;
  readonly json?: true;
}

/** `rowpost dead-letters list`: the newest first, in pages. */
export function listCommand(context: CliContext, tables: Tables): Command {
  const command = new Command("list").description("Lists dead letters, the newest first, or counts them");
  return withFilter(command)
    .addOption(new Option("--limit <n>", "how many").default(50).argParser(parseCount))
    .addOption(new Option("--after <id>", "those that come after this one: the next page").argParser(parseId))
    .option("--summary", "only how many of each code and table")
    .option("--json", "one JSON object a line")
    .action((flags: ListFlags) =>
      withStore(context, tables, 1, (store) =>
        flags.summary ? summarize(context, store, flags) : list(context, store, flags),
      ),
    );
}

async function list(context: CliContext, store: Store, flags: ListFlags): Promise<void> {
  const page = { order: "newest", limit: flags.limit + 1, after: flags.after } as const;
  const found = await listDeadLetters(store, filterOf(flags), page);
  const shown = found.slice(0, flags.limit);
  if (flags.json) return writeJson(context.stdout, shown);
  if (shown.length === 0) {
    context.stdout.write("no dead letters\n");
    return;
  }
  context.stdout.write(printHeads(shown, widthOf(context.stdout), new Date()));
  if (found.length > shown.length)
    context.stdout.write(`\nthere are more: add --after ${shown.at(-1)?.id}\n`);
}

async function summarize(context: CliContext, store: Store, flags: ListFlags): Promise<void> {
  const counts = await countDeadLetters(store, filterOf(flags));
  if (flags.json) return writeJson(context.stdout, counts);
  context.stdout.write(
    counts.length === 0 ? "no dead letters\n" : printCounts(counts, widthOf(context.stdout), new Date()),
  );
}

function writeJson(stdout: Writable, objects: readonly object[]): void {
  for (const object of objects) stdout.write(`${JSON.stringify(object)}\n`);
}

/** Dead letters as a table, each with its sentence under it; `now` is what ages count from. */
export function printHeads(heads: readonly DeadLetterHead[], width: number, now: Date): string {
  const rows = heads.map(
    (head): PrintRow => ({
      cells: [
        head.id,
        age(head.lastAt, now),
        head.code,
        printable(head.table ?? "–"),
        String(head.deliveries),
        replayState(head),
        printable(head.idempotencyKey),
      ],
      below: [printable(head.message)],
    }),
  );
  return printTable(HEAD_COLUMNS, rows, width);
}

const HEAD_COLUMNS = [
  { title: "ID", align: "right" },
  { title: "AGE", align: "right" },
  { title: "CODE" },
  { title: "TABLE", cut: "end" },
  { title: "TIMES", align: "right" },
  { title: "REPLAY" },
  { title: "KEY", cut: "middle" },
] as const;

/** What became of the last replay; `sent` while nobody knows yet. */
export function replayState({ replays, replayOutcome }: DeadLetterHead): string {
  return replayOutcome ?? (replays > 0 ? "sent" : "–");
}

/** How many dead letters there are of each code and table, as a table with their sum. */
export function printCounts(counts: readonly DeadLetterCount[], width: number, now: Date): string {
  const row = (count: number, open: number, code: string, table: string, first: string, last: string) => ({
    cells: [String(count), String(open), code, table, first, last],
  });
  const rows = counts.map((one) =>
    row(
      one.count,
      one.open,
      one.code,
      printable(one.table ?? "–"),
      age(one.firstAt, now),
      age(one.lastAt, now),
    ),
  );
  const sum = (of: (one: DeadLetterCount) => number) => counts.reduce((total, one) => total + of(one), 0);
  if (counts.length > 1)
    rows.push(
      row(
        sum((one) => one.count),
        sum((one) => one.open),
        "together",
        "",
        "",
        "",
      ),
    );
  return printTable(COUNT_COLUMNS, rows, width);
}

const COUNT_COLUMNS = [
  { title: "COUNT", align: "right" },
  { title: "OPEN", align: "right" },
  { title: "CODE" },
  { title: "TABLE", cut: "end" },
  { title: "OLDEST", align: "right" },
  { title: "NEWEST", align: "right" },
] as const;

/** How long ago, in the largest unit of which there are two: `45s`, `3h`, `12d`. */
export function age(instant: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(instant)) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
