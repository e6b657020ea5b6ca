import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { findProgram, lastLines, runCommand, startChild } from "../../../src/local/child-process.ts";
import { freePort } from "../../../src/local/free-port.ts";
import { ServerProcess, type ServerPlan } from "../../../src/local/server-process.ts";

/** A server that is a shell script; it is ready when it has printed "ready". */
async function server(
  t: TestContext,
  script: string,
  changes: Partial<ServerPlan> = {},
): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-server-"));
  const logFile = join(folder, "log");
  const made = new ServerProcess({
    name: "The script",
    command: ["sh", "-c", script],
    logFile,
    ready: async () => assert.match(await readFile(logFile, "utf8"), /^ready$/m),
    startTimeoutMs: 10_000,
    stopTimeoutMs: 10_000,
    keepsNothing: false,
    ...changes,
  });
  t.after(async () => {
    await made[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  return made;
}

const LOOP = "while :; do sleep 0.02; done";

test("a server that was told to stop gets to put its things in order", async (t) => {
  const made = await server(t, `trap 'echo bye; exit 0' TERM; echo ready; ${LOOP}`);
  await made.start();
  assert.ok(made.pid !== undefined);
  await made.stop();
  assert.equal(made.pid, undefined);
  assert.equal(lastLines(made.logFile, 1), "bye");
  await made.stop();
});

test("a server that does not stop in time is killed", async (t) => {
  const made = await server(t, `trap '' TERM; echo ready; ${LOOP}`, { stopTimeoutMs: 50 });
  await made.start();
  await made.stop();
  assert.equal(made.pid, undefined);
});

test("a server that stays silent is an error with the end of its log, and does not stay behind", async (t) => {
  const made = await server(t, `echo almost; ${LOOP}`, { startTimeoutMs: 500 });
  await assert.rejects(
    made.start(),
    /^Error: The script did not answer within 0\.5 s; the end of .*:\n {2}\| almost$/,
  );
  assert.equal(made.pid, undefined);
});

test("a program that is not there is an error with its name", async (t) => {
  const made = await server(t, "", { command: ["/no/such/program"] });
  await assert.rejects(made.start(), /The script ended at its start \(.*\)/);
});

test("a server is cleaned up after once, when it has ended", async (t) => {
  const cleanUps: (number | undefined)[] = [];
  const made = await server(t, `echo ready; ${LOOP}`, {
    cleanUp: async () => void cleanUps.push(made.pid),
  });
  await made.start();
  await Promise.all([made[Symbol.asyncDispose](), made[Symbol.asyncDispose]()]);
  assert.deepEqual(cleanUps, [undefined]);
});

test("a command's end is a value: its code, or null when it did not run or was too slow", async () => {
  assert.deepEqual(await runCommand(["sh", "-c", "echo out; echo err >&2; exit 3"], 5_000), {
    code: 3,
    output: "out\nerr",
  });
  assert.equal((await runCommand(["/no/such/program"], 5_000)).code, null);
  assert.equal((await runCommand(["sleep", "60"], 50)).code, null);
});

test("a child is out of reach of the terminal's Ctrl-C: it leads a process group of its own", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-child-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const child = await startChild(["sleep", "60"], join(folder, "log"));
  if (process.platform === "linux") {
    const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ");
    assert.equal(Number(fields?.[2]), child.pid);
  }
  await child.kill();
  assert.deepEqual(await child.exited, { code: null, signal: "SIGKILL" });
});

test("a program is found on the PATH, one that is not there is undefined", async () => {
  assert.match((await findProgram("sh")) ?? "", /\/sh$/);
  assert.equal(await findProgram("no-such-program"), undefined);
});

test("a free port is below those that systems give to outgoing connections", async () => {
  const ports = await Promise.all(Array.from({ length: 5 }, freePort));
  assert.ok(ports.every((port) => port >= 20_000 && port < 32_000));
});
