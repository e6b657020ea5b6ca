import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { install, mayInstall } from "../../src/local/apt.ts";
import { runCommand } from "../../src/local/child-process.ts";

const ROOT = join(import.meta.dirname, "../..");

const TOOLS = [["docker", "compose"], ["docker-compose"]];

/** A compose tool of this machine, installed when there is none. */
async function composeTool(): Promise<readonly string[] | undefined> {
  for (const tool of TOOLS) if ((await runCommand([...tool, "version"], 20_000)).code === 0) return tool;
  if (!(await mayInstall())) return undefined;
  await install(["docker-compose"], console.error);
  return TOOLS[1];
}

test("the compose tool takes compose.yaml", async (t) => {
  const tool = await composeTool();
  if (tool === undefined) {
    t.skip("there is no compose tool, and to install one takes root on Debian or Ubuntu");
    return;
  }
  const { code, output } = await runCommand(
    [...tool, "--file", join(ROOT, "compose.yaml"), "config"],
    30_000,
  );
  assert.equal(code, 0, output);
  assert.match(output, /condition: service_completed_successfully/);
});
