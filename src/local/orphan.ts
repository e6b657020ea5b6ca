import { readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "./child-process.ts";

/**
 * Ends a server that an earlier run left behind, where the kernel does not do it for us (child-process.ts). `pidFile`
 * holds its process id; `mark` is a text of its command line, so that a number used again for another process is
 * never touched. Rejects when the server still belongs to a living run.
 */
export async function endOrphan(pidFile: string, mark: string): Promise<void> {
  const pid = (await readFile(pidFile, "utf8").catch(() => "")).trim();
  if (!/^\d+$/.test(pid)) {
    return;
  }
  const parent = await parentOf(pid, mark);
  if (parent === undefined) {
    await rm(pidFile, { force: true });
    return;
  }
  if (parent !== "1") {
    throw new Error(`${mark} is in use by process ${parent}: stop that one first`);
  }
  await runCommand(["kill", "-TERM", pid], 5_000);
  const deadline = performance.now() + 20_000;
  while ((await parentOf(pid, mark)) !== undefined) {
    if (performance.now() > deadline) {
      await runCommand(["kill", "-KILL", pid], 5_000);
    }
    await delay(50);
  }
}

/** The parent of process `pid` if that process runs with `mark` in its command line. */
async function parentOf(pid: string, mark: string): Promise<string | undefined> {
  const { code, output } = await runCommand(["ps", "-o", "ppid=,args=", "-p", pid], 5_000);
  return code === 0 && output.includes(mark) ? output.trim().split(/\s+/)[0] : undefined;
}
