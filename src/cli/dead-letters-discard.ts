import { Command } from "commander";
import { discardDeadLetters } from "../store/dead-letter-discard.ts";
import type { Store } from "../store/store.ts";
import { confirm } from "./confirm.ts";
import { type CliContext, CliError } from "./context.ts";
import { type ChoiceFlags, chosen, withChoice } from "./dead-letters-choice.ts";
import { type Tables, withStore } from "./with-store.ts";

/** `rowpost dead-letters discard`: deletes them, the originals too. */
export function discardCommand(context: CliContext, tables: Tables): Command {
  const command = new Command("discard").description(
    "Deletes dead letters with their originals; the receipts stay",
  );
  return withChoice(command).action((flags: ChoiceFlags) =>
    withStore(context, tables, 2, (store) => discard(context, store, flags)),
  );
}

async function discard(context: CliContext, store: Store, flags: ChoiceFlags): Promise<void> {
  const choice = await chosen(context, store, flags, async () => []);
  if (choice === undefined) return;
  const { filter, count } = choice;
  const what = count === 1 ? "it" : `these ${count}`;
  await confirm(context, `Delete ${what}, the only copy that is kept of what was published?`, flags.yes);
  const deleted = await discardDeadLetters(store, filter, context.signal);
  context.stdout.write(`${deleted} of ${count} discarded\n`);
  if (context.signal.aborted) throw new CliError("stopped before the end");
}
