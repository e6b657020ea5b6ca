import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { dockerAnswers } from "../../../src/local/docker.ts";
import { type Machine, THIS_MACHINE } from "../../../src/local/machine.ts";
import { openMysql } from "../../../src/local/mysql-server.ts";
import { openEmulator } from "../../../src/local/pubsub-emulator.ts";

/**
 * Stands in for Docker's client: notes what it is asked, has no image yet and one container that a crash left behind. A
 * started container is a web server on the port that it was made with.
 */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >> calls
case "$1 $2" in
  "version --format") echo 28.0 ;;
  "image inspect") exit 1 ;;
  "pull --quiet") test ! -e no-network ;;
  "ps --all") echo leftover ;;
  "start --attach")
    port=$(sed -n 's/.*--publish 127.0.0.1:\\([0-9]*\\):.*/\\1/p' calls)
    exec ${process.execPath} -e "require('node:http').createServer((q, r) => r.end('Ok')).listen($port, '127.0.0.1')" ;;
esac
`;

/** A machine on which Docker is the only way, and what its client was asked, with names and ports left out. */
async function dockerMachine(
  t: TestContext,
): Promise<{ folder: string; machine: Machine; calls(): Promise<string[]> }> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-docker-"));
  const { PATH } = process.env;
  Object.assign(process.env, { PATH: `${folder}:${PATH}` });
  t.after(async () => {
    Object.assign(process.env, { PATH });
    await rm(folder, { recursive: true, force: true });
  });
  await writeFile(join(folder, "docker"), DOCKER);
  await chmod(join(folder, "docker"), 0o755);
  const nothing = async () => undefined;
  const machine = { ...THIS_MACHINE, findMysqlProgram: nothing, findEmulatorJar: nothing };
  return {
    folder,
    machine,
    async calls() {
      const text = await readFile(join(folder, "calls"), "utf8");
      const plain = text.replaceAll(/rowpost-[0-9a-f]{12}/g, "NAME").replaceAll(/127\.0\.0\.1:\d+/g, "HOST");
      return plain.trimEnd().split("\n");
    },
  };
}

test("a container is made from a fetched image, started, and removed with what it kept", async (t) => {
  const { folder, machine, calls } = await dockerMachine(t);
  assert.equal(await dockerAnswers(), true);
  const said: string[] = [];
  const emulator = await openEmulator({ folder, say: (line) => said.push(line) }, machine);
  assert.equal(await (await fetch(`http://${emulator.host}/`)).text(), "Ok");
  assert.deepEqual(said, ["Fetching google/cloud-sdk:emulators with Docker …"]);
  await emulator.server?.stop();
  await emulator.server?.start();
  await emulator[Symbol.asyncDispose]();
  await assert.rejects(fetch(`http://${emulator.host}/`));
  const command = "gcloud beta emulators pubsub start --host-port=0.0.0.0:8085 --project=rowpost-local";
  assert.deepEqual(await calls(), [
    "version --format {{.Server.Version}}",
    "version --format {{.Server.Version}}",
    "image inspect google/cloud-sdk:emulators",
    "pull --quiet google/cloud-sdk:emulators",
    "ps --all --quiet --filter label=rowpost.local --filter status=exited",
    "rm --force --volumes leftover",
    `create --name NAME --label rowpost.local --publish HOST:8085 google/cloud-sdk:emulators ${command}`,
    "start --attach NAME",
    "start --attach NAME",
    "rm --force --volumes NAME",
  ]);
});

test("an image that can't be fetched is an error with Docker's own words, and nothing is made", async (t) => {
  const { folder, machine, calls } = await dockerMachine(t);
  await writeFile(join(folder, "no-network"), "");
  await assert.rejects(openMysql({ folder }, machine), /Docker could not fetch mysql:9/);
  assert.equal(
    (await calls()).some((call) => call.startsWith("create")),
    false,
  );
});
