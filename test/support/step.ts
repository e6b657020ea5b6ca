import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

/** What became of one step of the test command. */
export interface Report {
  readonly name: string;
  readonly result: "passed" | "failed" | "did not run";
  readonly seconds: number;
  readonly counts: Counts;
  /** Why it did not run, for the box at the end. */
  readonly missing?: string;
}

/** Tests by result; a tool's step has none. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Which test files to run on servers, and how. */
export interface TestFiles {
  readonly files: readonly string[];
  /** The longest time for one test, and for which nothing may end. */
  readonly timeoutMs: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export const NO_TESTS: Counts = { passed: 0, failed: 0, skipped: 0 };

const ROOT = join(import.meta.dirname, "../..");

/** Prints a step's heading. Gives a clock that makes its report. */
export function begin(name: string): (result: Report["result"], counts?: Counts, missing?: string) => Report {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 70 - name.length))}`);
  const start = performance.now();
  return (result, counts = NO_TESTS, missing) => {
    const seconds = (performance.now() - start) / 1_000;
    console.log(`── ${name}: ${result} after ${seconds.toFixed(1)} s`);
    return { name, result, seconds, counts, ...(missing === undefined ? {} : { missing }) };
  };
}

/** Runs one of the project's own tools; its output goes straight to the terminal. */
export async function toolStep(name: string, [tool = "", ...args]: readonly string[]): Promise<Report> {
  const done = begin(name);
  const bin = join(ROOT, "node_modules/.bin");
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
  const child = spawn(join(bin, tool), args, { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
  const [code] = await once(child, "exit");
  return done(code === 0 ? "passed" : "failed");
}

/** Runs a program of the project, a path and its arguments; told to end by SIGTERM when the signal is aborted. */
export async function programStep(
  name: string,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Report> {
  const done = begin(name);
  const child = spawn(process.execPath, command, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    signal,
  });
  child.on("error", () => {}); // the abort: the exit tells
  const [code] = await once(child, "exit");
  return done(code === 0 ? "passed" : "failed");
}

/**
 * Runs test files that need no server, in two processes: to start one and load the libraries takes longer than most files do.
 * Prints as node:test does, one process after the other.
 */
export async function unitStep(name: string, files: readonly string[], signal: AbortSignal): Promise<Report> {
  const done = begin(name);
  const halves = [0, 1]
    .map((half) => files.filter((_, i) => i % 2 === half))
    .filter((part) => part.length > 0);
  const running = halves.map((part) => runUnits(part, signal));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let good = true;
  for (const part of running) {
    const { output, code } = await part;
    process.stdout.write(output);
    const count = (word: string) => Number(new RegExp(`^ℹ ${word} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
    counts.passed += count("pass");
    counts.failed += count("fail") + count("cancelled");
    counts.skipped += count("skipped") + count("todo");
    good &&= code === 0 && count("pass") > 0;
  }
  return done(good && counts.failed === 0 ? "passed" : "failed", counts);
}

async function runUnits(files: readonly string[], signal: AbortSignal) {
  const flags = ["--test", "--test-isolation=none", "--test-reporter=spec", "--test-timeout=60000"];
  const child = spawn(process.execPath, [...flags, ...files], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    signal,
    killSignal: "SIGKILL",
  });
  child.on("error", () => {}); // the abort: the exit tells
  const ended = once(child, "close").catch(() => []);
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) output += text;
  await ended;
  return { output, code: child.exitCode };
}

/**
 * Runs test files, each in a process of its own, two at a time, and prints them as node:test does. Files that go on without
 * a test that ends (something was left open) are ended and have failed.
 */
export async function testStep(name: string, { files, ...how }: TestFiles): Promise<Report> {
  const done = begin(name);
  const quiet = new AbortController();
  const alarm = setTimeout(() => quiet.abort(new Error("nothing ended in time")), how.timeoutMs * 1.2);
  const stream = run({
    files: [...files],
    cwd: ROOT,
    concurrency: 2,
    timeout: how.timeoutMs,
    signal: AbortSignal.any([how.signal, quiet.signal]),
    env: { ...process.env, ...how.environment },
  });
  let counts = NO_TESTS;
  stream.on("test:complete", () => alarm.refresh());
  stream.on("test:summary", ({ file, counts: of }) => {
    if (file === undefined) {
      counts = {
        passed: of.passed,
        failed: of.tests - of.passed - of.skipped - of.todo,
        skipped: of.skipped + of.todo,
      };
    }
  });
  for await (const text of stream.compose(spec)) {
    process.stdout.write(String(text));
  }
  clearTimeout(alarm);
  return done(counts.failed === 0 && counts.passed > 0 ? "passed" : "failed", counts);
}
