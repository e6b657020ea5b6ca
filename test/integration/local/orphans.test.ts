import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { runCommand } from "../../../src/local/child-process.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { flavorOfLeg, isAlive, testFolder } from "../../support/leg.ts";
import { until } from "../../support/until.ts";

expectNoLeaks();

const SUPPORT = join(import.meta.dirname, "../../support/leg.ts");
const LOCAL = join(import.meta.dirname, "../../../src/local");

/** Brings both servers up and tells their process ids; ends only when it is killed. */
const PROGRAM = `
  import { legProgram } from ${JSON.stringify(SUPPORT)};
  import { openMysql } from ${JSON.stringify(join(LOCAL, "mysql-server.ts"))};
  import { openEmulator } from ${JSON.stringify(join(LOCAL, "pubsub-emulator.ts"))};
  const [flavor, folder] = process.argv.slice(1);
  const program = await legProgram(flavor, console.error);
  const mysql = await openMysql({ program, folder, durable: false });
  const emulator = await openEmulator({ folder });
  console.log(JSON.stringify([mysql.server.pid, emulator.server.pid]));
`;

test("servers end with the process that started them, also by kill -9, and their data opens again", async (t) => {
  if ((await runCommand(["setpriv", "--pdeathsig", "TERM", "true"], 5_000)).code !== 0) {
    t.skip("the kernel or setpriv does not offer it here");
    return;
  }
  const folder = await testFolder();
  t.after(() => rm(folder, { recursive: true, force: true }));
  for (let round = 0; round < 2; round++) {
    const args = ["--input-type=module-typescript", "--eval", PROGRAM, await flavorOfLeg(), folder];
    const holder = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(holder.stdout, "data");
    const pids = JSON.parse(String(line)) as number[];
    assert.equal(pids.length, 2);
    assert.ok(pids.every(isAlive));
    holder.kill("SIGKILL");
    // The second round does not wait: it finds the first one's server on its way out.
    if (round === 1) {
      await until("both servers ended", () => !pids.some(isAlive), { timeoutMs: 20_000 });
    }
  }
});
