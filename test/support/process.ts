import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "../../src/local/child-process.ts";
import type { Scope } from "./servers.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname, "../..");

/** A rowpost process of one's own. */
export interface RowpostProcess extends Child {
  /** What it has printed so far. */
  output(): Promise<string>;
}

/**
 * Starts `rowpost ARGS` of this project, or of a copy, with these variables and nothing else of ours, and with these flags of
 * Node's; killed when the scope ends.
 */
export async function startRowpost(
  scope: Scope,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  project = ROOT,
  flags: readonly string[] = [],
): Promise<RowpostProcess> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-process-"));
  const log = join(folder, "log");
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const program = join(project, "src/cli.ts");
  const child = await startChild(["env", ...variables, process.execPath, ...flags, program, ...args], log);
  scope.after(async () => {
    await child.kill();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    ...child,
    get alive() {
      return child.alive;
    },
    output: () => readFile(log, "utf8"),
  };
}

/** The health server of a worker process, as soon as it has said where it is. */
export async function healthOf(worker: RowpostProcess) {
  const where = async () => /"health":"([^"]+)"/.exec(await worker.output())?.[1];
  // Two seconds on a machine that does nothing else.
  const url = await until("the worker says where its health is", where, { timeoutMs: 30_000 });
  return {
    url,
    async get(path: string): Promise<{ readonly status: number; readonly body: string }> {
      const answer = await fetch(`${url}${path}`);
      return { status: answer.status, body: await answer.text() };
    },
  };
}
