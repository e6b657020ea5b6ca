import { Command } from "commander";
import type { CliContext } from "./context.ts";
import { discardCommand } from "./dead-letters-discard.ts";
import { listCommand } from "./dead-letters-list.ts";
import { replayCommand } from "./dead-letters-replay.ts";
import { showCommand } from "./dead-letters-show.ts";
import { shippedTables, type Tables } from "./with-store.ts";

/** `rowpost dead-letters list|show|replay|discard`. Exit codes: 0 done, 1 not all of it, 2 wrong use or only a preview. */
export function deadLettersCommand(context: CliContext, tables: Tables = shippedTables): Command {
  return new Command("dead-letters")
    .description("Looks after the kept originals of rejected updates")
    .addCommand(listCommand(context, tables))
    .addCommand(showCommand(context, tables))
    .addCommand(replayCommand(context, tables))
    .addCommand(discardCommand(context, tables));
}
