import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { install } from "../../../src/local/apt.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { blocks, section } from "../../support/readme.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const scope = { after };
const rig = await preparedRig(scope);
rig.worker();
const sidecar = await testSidecar(scope, {}, { rig });
expectNoLeaks();

const run = promisify(execFile);

/** The curl commands of the HTTP chapter, each with the status that stands behind it. */
function examples(): { readonly command: string; readonly status: string }[] {
  const text = blocks(section("## HTTP"), "sh").join("").replaceAll("\\\n", " ");
  return text
    .split("\n")
    .filter((line) => line.includes("curl "))
    .map((line) => {
      const [, command = "", status = ""] = /^(.*?)\s+# (\d{3})\b/.exec(line) ?? [];
      assert.notEqual(status, "", `the README says what this answers: ${line}`);
      return { command, status };
    });
}

before(async () => {
  const found = await run("curl", ["--version"]).catch(() => undefined);
  if (found === undefined) await install(["curl"], console.error);
});

test("each curl command of the README answers as it says, one after the other", async () => {
  const all = examples();
  assert.ok(all.length >= 8);
  for (const { command, status } of all) {
    const here = command.replaceAll("localhost:8080", sidecar.url.slice("http://".length));
    // A stream without end is left by its time limit.
    const { stdout } = await run("sh", ["-c", `${here.replaceAll("curl -i", "curl -sSi")} || test $? = 28`]);
    assert.match(stdout, new RegExp(`^HTTP/1.1 ${status} `), `${command}\n${stdout}`);
  }
});

test("a 64-bit id in a flat row keeps every digit", async () => {
  const [toot] = await rig.database.query("SELECT id FROM toots");
  assert.equal(toot?.["id"], "112769174453829173");
});
