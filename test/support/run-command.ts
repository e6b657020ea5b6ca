import { PassThrough } from "node:stream";
import { type Command, CommanderError } from "commander";
import { type CliContext, CliError, type Terminal } from "../../src/cli/context.ts";
import { readConfig } from "../../src/config.ts";

/** What a command has left behind: its exit code, and what it wrote. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  /** The error's sentence too, as the door prints it. */
  readonly stderr: string;
}

export interface Surroundings {
  readonly environment: Readonly<Record<string, string>>;
  /** Columns of the terminal; not given: input and output are pipes. */
  readonly columns?: number;
  /** What a person types. */
  readonly typed?: string;
  readonly signal?: AbortSignal;
}

/** Runs a command in this process as the door does, with streams of its own. */
export async function runCommand(
  make: (context: CliContext) => Command,
  args: readonly string[],
  { environment, columns, typed, signal = new AbortController().signal }: Surroundings,
): Promise<Finished> {
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  // Nobody reads before the command has ended.
  const stdout: Terminal = Object.assign(new PassThrough({ highWaterMark: 2 ** 30 }), terminal);
  const stderr: Terminal = Object.assign(new PassThrough(), terminal);
  const stdin = Object.assign(new PassThrough(), terminal);
  stdin.end(typed);
  let code = 0;
  const read = readConfig(environment);
  const context: CliContext = {
    stdin,
    stdout,
    stderr,
    signal,
    emulatorHost: environment["PUBSUB_EMULATOR_HOST"],
    config: () => {
      if (read.faults !== undefined) throw new CliError(read.faults.join("\n"), 2);
      return read.config;
    },
    exitCode: (set) => {
      code = set;
    },
  };
  try {
    await quiet(make(context), context).parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof CliError) {
      code = error.exitCode;
      stderr.write(`rowpost: ${error.message}\n`);
    } else throw error;
  }
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

function quiet(command: Command, context: CliContext): Command {
  command.exitOverride().configureOutput({
    writeOut: (line) => context.stdout.write(line),
    writeErr: (line) => context.stderr.write(line),
  });
  for (const sub of command.commands) quiet(sub, context);
  return command;
}

function text(stream: Terminal): string {
  return String((stream as PassThrough).read() ?? "");
}
