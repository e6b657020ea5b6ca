import { execFile, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** How a child ended: with an exit code, by a signal, or not started at all (`error`). */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

/** A running child whose output goes to a file. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves when the child has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** True until it has ended. */
  readonly alive: boolean;
  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. Twice without harm. */
  stop(graceMs: number): Promise<Exit>;
  /** SIGKILL at once. */
  kill(): Promise<Exit>;
}

/** What a finished command left: its exit code (null: ended by a signal or not started) and all that it printed. */
export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

// Places where servers are installed but which a person's PATH often lacks.
const MORE_PATH = "/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/mysql/bin:/opt/homebrew/opt/mysql/bin";

/**
 * Starts a long-running child. It gets a process group of its own, so that Ctrl-C on the terminal reaches this process
 * only and the order of stopping stays ours; where `setpriv` knows how, the kernel ends the child when we die, even by
 * SIGKILL. Output is appended to `logFile`, whose folder is made.
 */
export async function startChild(command: readonly string[], logFile: string): Promise<Child> {
  const [program = "", ...args] = [...(await diesWithParent()), ...command];
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a");
  try {
    const child = spawn(program, args, { detached: true, stdio: ["ignore", log, log] });
    let alive = true;
    const exited = new Promise<Exit>((resolve) => {
      child.once("error", (error) => resolve({ code: null, signal: null, error }));
      child.once("exit", (code, signal) => resolve({ code, signal }));
    }).finally(() => {
      alive = false;
    });
    const kill = () => {
      child.kill("SIGKILL");
      return exited;
    };
    return {
      pid: child.pid,
      exited,
      get alive() {
        return alive;
      },
      kill,
      async stop(graceMs) {
        child.kill("SIGTERM");
        const late = new AbortController();
        const first = await Promise.race([exited, delay(graceMs, "late" as const, late)]).finally(() =>
          late.abort(),
        );
        return first === "late" ? kill() : first;
      },
    };
  } finally {
    closeSync(log);
  }
}

/** Runs a command to its end; it is ended after `timeoutMs`. Never rejects: a program that is missing gives code null. */
export function runCommand(command: readonly string[], timeoutMs: number): Promise<Finished> {
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const options = { timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
    execFile(program, args, options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      const code = typeof error?.code === "number" ? error.code : null;
      resolve(error === null ? { code: 0, output } : { code, output: output || error.message });
    });
  });
}

/** The full path of a program on the PATH or where servers are usually installed, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const script = `PATH="$PATH:${MORE_PATH}" command -v "$1"`;
  const { code, output } = await runCommand(["sh", "-c", script, "sh", name], 5_000);
  return code === 0 ? output : undefined;
}

/** The last lines of a log file, for an error message; empty when there is no such file. */
export function lastLines(file: string, count = 12): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}

let prefix: Promise<readonly string[]> | undefined;

/** util-linux's `setpriv --pdeathsig` (prctl(2), PR_SET_PDEATHSIG), where there is one; nothing elsewhere. */
function diesWithParent(): Promise<readonly string[]> {
  const setpriv = ["setpriv", "--pdeathsig", "TERM"];
  prefix ??= runCommand([...setpriv, "true"], 5_000).then(({ code }) => (code === 0 ? setpriv : []));
  return prefix;
}
