import { Command } from "commander";
import { countExpired, purge } from "../store/purge.ts";
import { type CliContext, CliError } from "./context.ts";
import { shippedTables, type Tables, withStore } from "./with-store.ts";

/** `rowpost purge`: deletes what is older than its retention, as the workers do by themselves. */
export function purgeCommand(context: CliContext, tables: Tables = shippedTables): Command {
  return new Command("purge")
    .description("Deletes receipts and dead letters that are older than their retention; workers do it too")
    .option("--dry-run", "only count them")
    .action(({ dryRun }: { readonly dryRun?: true }) =>
      withStore(context, tables, 2, async (store) => {
        const { receiptHours, deadLetterHours } = context.config().retention;
        const options = { receiptHours, deadLetterHours, signal: context.signal };
        const purged = dryRun ? await countExpired(store, options) : await purge(store, options);
        if (purged === undefined) {
          context.stdout.write("another process is purging at this moment; nothing to do\n");
          return;
        }
        const verb = dryRun ? "would be deleted" : "deleted";
        context.stdout.write(
          `${counted(purged.receipts, "receipt")} older than ${receiptHours} h and ` +
            `${counted(purged.deadLetters, "dead letter")} older than ${deadLetterHours} h ${verb}\n`,
        );
        if (context.signal.aborted) throw new CliError("stopped before the end");
      }),
    );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
