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

/**
 * `rowpost publish FILE`: sends a file's updates, or the rows of one table, to the topic. A broker that does not answer is
 * tried again for `patienceMs`.
 */
export function publishCommand(
  context: CliContext,
  tables: Tables = shippedTables,
  patienceMs = 30_000,
): Command {
  const command = new Command("publish")
    .description("Sends the updates of a file, or the rows of one table, to the topic")
    .argument("<file>", "the file, or - for standard input")
    .addHelpText("after", HELP)
    .action(async (file: string, flags: PublishFlags) => {
      const complete = await publishFile(context, tables, file, flags, patienceMs);
      context.exitCode(complete ? 0 : 1);
    });
  for (const option of [...inputOptions(), ...keyOptions(), ...runOptions()]) {
    command.addOption(option);
  }
  return command;
}

function inputOptions(): Option[] {
  return [
    new Option("--table <name>", "the records are rows of this table"),
    new Option("--op <operation>", "what to do with the rows (default: upsert)").choices(OPERATIONS),
    new Option(
      "--format <format>",
      "how the file is written (default: by its name, else by its start)",
    ).choices(FORMATS),
    new Option("--delimiter <character>", "what parts the cells of CSV (default: a comma)").argParser(
      delimiter,
    ),
    new Option("--null <text>", "the CSV cell that means NULL; an empty cell leaves its column as it is"),
  ];
}

function keyOptions(): Option[] {
  return [
    new Option("--key-column <name>", "the column or member that holds the idempotency key"),
    new Option("--key-prefix <text>", "put before each idempotency key")
      .default("", "none")
      .argParser(keyPrefix),
    new Option("--random-keys", "new idempotency keys each time (UUIDv7)").conflicts("keyColumn"),
  ];
}

function runOptions(): Option[] {
  return [
    new Option("--from <record>", "the first record to send, where an earlier run ended")
      .default(1)
      .argParser(ordinal),
    new Option("--dry-run", "check the records and send nothing"),
    new Option(
      "--refused <file>",
      "keep all refused records in this file (NDJSON; with --from it is added to)",
    ),
    new Option(
      "--journal <file>",
      "add a line to this file for each update that is sent, for `rowpost verify`",
    ),
    new Option("--quiet", "no progress, and no summary when all was sent"),
  ];
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
