import { Command, InvalidArgumentError, Option } from "commander";
import { idempotencyKey } from "../messages/idempotency-key.ts";
import { OPERATIONS } from "../tables/definition.ts";
import type { CliContext } from "./context.ts";
import { type PublishFlags, publishFile } from "./publish-file.ts";
import { FORMATS } from "./publish-sniff.ts";
import { shippedTables, type Tables } from "./with-store.ts";

const HELP = `
FILE holds whole updates, or with --table the rows of one table: NDJSON (one a line), a JSON array, a JSON object of
rows by their key, or CSV with a header. - is standard input. Nothing is sent that the table definitions refuse.

Idempotency keys are made from the content (SHA-256 of the update's canonical JSON, and :2, :3 … when it occurs again in
the file), so sending a file twice applies nothing twice. To apply the same content once more, say --key-prefix.

Exit codes: 0 all sent, 1 some refused or not sent, 2 wrong use.`;

/** `rowpost publish FILE`: sends a file's updates to the topic. `tables` gives the definitions; the shipped ones. */
export function publishCommand(context: CliContext, tables: Tables = shippedTables): Command {
  return new Command("publish")
    .description("Sends the updates of a file, or the rows of one table, to the topic")
    .argument("<file>", "the file, or - for standard input")
    .option("--table <name>", "the records are rows of this table")
    .addOption(
      new Option("--op <operation>", "what to do with the rows (default: upsert)").choices(OPERATIONS),
    )
    .addOption(
      new Option("--format <format>", "how the file is written (default: by its name or its start)").choices(
        FORMATS,
      ),
    )
    .addOption(
      new Option("--delimiter <character>", "what parts the cells of CSV (default: a comma)").argParser(
        delimiter,
      ),
    )
    .option("--null <text>", "the CSV cell that means NULL; an empty cell leaves its column as it is")
    .option("--key-column <name>", "the column or member that holds the idempotency key")
    .addOption(
      new Option("--key-prefix <text>", "put before each idempotency key")
        .default("", "none")
        .argParser(keyPrefix),
    )
    .addOption(new Option("--random-keys", "new idempotency keys each time (UUIDv7)").conflicts("keyColumn"))
    .addOption(
      new Option("--from <record>", "the first record to send; 1 is the first of all")
        .default(1)
        .argParser(ordinal),
    )
    .option("--dry-run", "check the records and send nothing")
    .option("--refused <file>", "keep all refused records in this file (NDJSON; added to with --from)")
    .option("--quiet", "no progress, and no summary when all was sent")
    .addHelpText("after", HELP)
    .action(async (file: string, flags: PublishFlags) => {
      const complete = await publishFile(context, tables, file, flags);
      context.exitCode(complete ? 0 : 1);
    });
}

function delimiter(text: string): string {
  const character = text === "\\t" || text === "tab" ? "\t" : text;
  if (character.length !== 1 || /["\r\n]/.test(character)) {
    throw new InvalidArgumentError("one character, or tab.");
  }
  return character;
}

function keyPrefix(text: string): string {
  // what stands behind it may be up to 100 characters long, and ends with none but a blank
  if (text !== "" && (text.length > 150 || idempotencyKey(`${text}.`) === undefined)) {
    throw new InvalidArgumentError("up to 150 printable ASCII characters.");
  }
  return text;
}

function ordinal(text: string): number {
  const value = Number(text.replaceAll(",", ""));
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError("a number from 1.");
  }
  return value;
}
