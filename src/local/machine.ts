import { readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { install, mayInstall } from "./apt.ts";
import type { Broker } from "./broker/open-broker.ts";
import { findProgram, runCommand } from "./child-process.ts";
import { dockerAnswers } from "./docker.ts";
import { findMysqlProgram, type MysqlProgram } from "./mysql-program.ts";

/** What a machine offers to run servers with; each is a question to it, and `install` changes it. */
export interface Machine {
  findMysqlProgram(): Promise<MysqlProgram | undefined>;
  /** The jar of the Pub/Sub emulator that comes with the Google Cloud CLI. */
  findEmulatorJar(): Promise<string | undefined>;
  /** True when `java` runs. */
  hasJava(): Promise<boolean>;
  /** True when a Docker engine answers. */
  dockerAnswers(): Promise<boolean>;
  /** Opens the built-in broker in this process, which works everywhere. */
  openBroker(port: number): Promise<Pick<Broker, "host" | "close">>;
  /** True when packages may be installed: root on Debian or Ubuntu. */
  mayInstall(): Promise<boolean>;
  install(packages: readonly string[], say: (line: string) => void): Promise<void>;
}

/** The machine that this process runs on. */
export const THIS_MACHINE: Machine = {
  findMysqlProgram,
  findEmulatorJar,
  hasJava: async () => (await runCommand(["java", "-version"], 20_000)).code === 0,
  dockerAnswers,
  openBroker: async (port) => (await import("./broker/open-broker.ts")).openBroker({ port }),
  mayInstall,
  install,
};

async function findEmulatorJar(): Promise<string | undefined> {
  const gcloud = await findProgram("gcloud");
  if (gcloud === undefined) {
    return undefined;
  }
  const near = await jarUnder(dirname(dirname(await realpath(gcloud))));
  if (near !== undefined) {
    return near;
  }
  // A wrapper script elsewhere: ask gcloud itself, which takes a second.
  const info = await runCommand([gcloud, "info", "--format=value(installation.sdk_root)"], 20_000);
  return info.code === 0 ? jarUnder(info.output.split("\n")[0] ?? "") : undefined;
}

async function jarUnder(root: string): Promise<string | undefined> {
  const folder = join(root, "platform", "pubsub-emulator", "lib");
  const names = await readdir(folder).catch(() => []);
  const jar = names.find((name) => /^cloud-pubsub-emulator-.*-all\.jar$/.test(name));
  return jar === undefined ? undefined : join(folder, jar);
}
