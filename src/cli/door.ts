import { readConfig } from "../config.ts";
import { type CliContext, CliError } from "./context.ts";

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/** Ctrl-C reaches the whole group, and npm passes it on to us again: what comes so soon after the first one is the same one. */
const SAME_SIGNAL_MS = 100;

/**
 * The process as commands may know it. The first SIGINT or SIGTERM asks the command to stop; a second one ends the process
 * at once.
 */
export function openDoor(): CliContext {
  const stop = new AbortController();
  let first = 0;
  const onSignal = (signal: keyof typeof EXIT_BY_SIGNAL) => {
    const repeated = signal === stop.signal.reason && performance.now() - first < SAME_SIGNAL_MS;
    if (repeated) return;
    if (stop.signal.aborted) process.exit(EXIT_BY_SIGNAL[signal]);
    first = performance.now();
    stop.abort(signal);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  // `rowpost … | head` closes the pipe: that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    emulatorHost: process.env["PUBSUB_EMULATOR_HOST"] || undefined,
    config: () => {
      const { config, faults } = readConfig(process.env);
      if (faults !== undefined)
        throw new CliError(`the environment has faults:\n  ${faults.join("\n  ")}`, 2);
      return config;
    },
    exitCode: (code) => {
      process.exitCode = code;
    },
  };
}
