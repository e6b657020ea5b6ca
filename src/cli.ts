#!/usr/bin/env -S node --max-semi-space-size=8 --heap-growing-percent=40 --v8-pool-size=1
import { Command, CommanderError } from "commander";
import { CliError } from "./cli/context.ts";
import { openDoor } from "./cli/door.ts";
import { COMMANDS } from "./cli/commands.ts";
import { version } from "./cli/version.ts";

const door = openDoor();
const program = new Command("rowpost")
  .description(
    "Applies small updates from Google Cloud Pub/Sub to MySQL, exactly once, with a receipt in the same commit",
  )
  .version(version)
  .configureOutput({
    writeOut: (text) => door.stdout.write(text),
    writeErr: (text) => door.stderr.write(text),
  })
  .exitOverride();

try {
  const asked = process.argv[2];
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (asked === name || !Object.hasOwn(COMMANDS, asked ?? "")) program.addCommand(quiet(await load(door)));
  }
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
// Google's client keeps timers of up to 5 minutes after it is closed while the broker is away.
process.exit();

/** A command reports wrong use by throwing, as the program does. */
function quiet(command: Command): Command {
  command.exitOverride();
  for (const sub of command.commands) quiet(sub);
  return command;
}

/** 0: help was asked for; 2: wrong use; 1: the command failed. Prints what commander has not. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CliError) {
    door.stderr.write(`rowpost: ${error.message}\n`);
    return error.exitCode;
  }
  door.stderr.write(`rowpost: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}
