import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { runCommand, startChild } from "../../../src/local/child-process.ts";
import { endOrphan } from "../../../src/local/orphan.ts";
import { isAlive } from "../../support/leg.ts";
import { until } from "../../support/until.ts";

/** A folder for the pid file, and a command line that no other process has. */
async function place(t: TestContext): Promise<{ folder: string; pidFile: string; mark: string }> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-orphan-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return { folder, pidFile: join(folder, "server.pid"), mark: `sleep ${randomInt(10_000, 10_000_000)}.5` };
}

test("a server whose run is gone is ended", async (t) => {
  const { pidFile, mark } = await place(t);
  const { output: pid } = await runCommand(["sh", "-c", `${mark} >/dev/null 2>&1 & echo $!`], 5_000);
  const parent = await runCommand(["ps", "-o", "ppid=", "-p", pid], 5_000);
  if (parent.output.trim() !== "1") {
    process.kill(Number(pid));
    t.skip("orphans have another parent than process 1 here, or there is no ps");
    return;
  }
  await writeFile(pidFile, `${pid}\n`);
  await endOrphan(pidFile, mark);
  // Its new parent takes a moment to take note.
  await until("it is gone", () => !isAlive(Number(pid)));
});

test("a server of a living run is left alone, and that is an error which names the run", async (t) => {
  const { folder, pidFile, mark } = await place(t);
  const child = await startChild(mark.split(" "), join(folder, "log"));
  await writeFile(pidFile, `${child.pid}`);
  await assert.rejects(endOrphan(pidFile, mark), new RegExp(`in use by process ${process.pid}`));
  assert.equal(child.alive, true);
  await child.kill();
});

test("a process that only got the same number is left alone, and the file is removed", async (t) => {
  const { folder, pidFile, mark } = await place(t);
  const child = await startChild(mark.split(" "), join(folder, "log"));
  await writeFile(pidFile, `${child.pid}`);
  await endOrphan(pidFile, "another server");
  assert.equal(child.alive, true);
  assert.equal(existsSync(pidFile), false);
  await child.kill();
});

test("no file, or one that holds no number, is no orphan", async (t) => {
  const { pidFile, mark } = await place(t);
  await endOrphan(pidFile, mark);
  await writeFile(pidFile, "-1");
  await endOrphan(pidFile, mark);
});
