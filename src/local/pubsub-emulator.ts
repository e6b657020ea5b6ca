import { readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { install, mayInstall } from "./apt.ts";
import { findProgram, runCommand } from "./child-process.ts";
import { dockerAnswers, startContainer } from "./docker.ts";
import { freePort } from "./free-port.ts";
import { ServerProcess } from "./server-process.ts";

/** Which broker is wanted. */
export interface EmulatorOptions {
  /** "host:port" of one that runs already (PUBSUB_EMULATOR_HOST): taken as it is, and never stopped. */
  readonly configured?: string;
  /** Where its log goes. */
  readonly folder: string;
  /** Takes lines for a person: what is being installed or fetched. */
  readonly say?: (line: string) => void;
}

/** A Pub/Sub emulator that answers. What it holds is in its memory: a stop loses topics and messages. */
export interface LocalEmulator extends AsyncDisposable {
  /** Where it came from, for a person. */
  readonly origin: string;
  /** "127.0.0.1:28085", as PUBSUB_EMULATOR_HOST wants it. */
  readonly host: string;
  /** To stop and start it; undefined for a configured one, which is not ours. */
  readonly server: ServerProcess | undefined;
}

const CHOICES = [
  "No Pub/Sub broker to run on. Any one of these will do:",
  "  - set PUBSUB_EMULATOR_HOST to an emulator that runs",
  "  - install the Google Cloud CLI with its pubsub-emulator component, and Java 17 or newer",
  "  - start Docker",
].join("\n");

const IMAGE = "google/cloud-sdk:emulators";

/**
 * Gets a Pub/Sub emulator, by the first way that is open: the configured one; the emulator of an installed Google Cloud
 * CLI, run with Java directly (its wrapper script adds seconds); Docker. Rejects with the list of choices when none is.
 */
export async function openEmulator(options: EmulatorOptions): Promise<LocalEmulator> {
  if (options.configured !== undefined) {
    const origin = `the configured Pub/Sub emulator at ${options.configured}`;
    return { origin, host: options.configured, server: undefined, async [Symbol.asyncDispose]() {} };
  }
  const say = options.say ?? (() => {});
  const port = await freePort();
  const jar = await emulatorJar();
  const java = jar === undefined ? undefined : await findJava(say);
  if (jar !== undefined && java !== undefined) {
    return localEmulator(
      "the Google Cloud CLI's Pub/Sub emulator",
      port,
      await startJar(java, jar, port, options.folder),
    );
  }
  if (await dockerAnswers()) {
    return localEmulator(`${IMAGE} in Docker`, port, await startImage(port, options.folder, say));
  }
  throw new Error(CHOICES);
}

function localEmulator(what: string, port: number, server: ServerProcess): LocalEmulator {
  const dispose = () => server[Symbol.asyncDispose]();
  return {
    origin: `${what}, on port ${port}`,
    host: `127.0.0.1:${port}`,
    server,
    [Symbol.asyncDispose]: dispose,
  };
}

async function startJar(java: string, jar: string, port: number, folder: string): Promise<ServerProcess> {
  const server = new ServerProcess({
    name: "The Pub/Sub emulator",
    command: [java, "-jar", jar, "--host=127.0.0.1", `--port=${port}`],
    logFile: join(folder, "emulator.log"),
    ready: () => emulatorAnswers(port),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 5_000,
    keepsNothing: true,
  });
  await server.start();
  return server;
}

function startImage(port: number, folder: string, say: (line: string) => void): Promise<ServerProcess> {
  const plan = {
    name: "The Pub/Sub emulator",
    image: IMAGE,
    environment: {},
    command: [
      "gcloud",
      "beta",
      "emulators",
      "pubsub",
      "start",
      "--host-port=0.0.0.0:8085",
      "--project=rowpost-local",
    ],
    hostPort: port,
    containerPort: 8085,
    logFile: join(folder, "emulator.log"),
    ready: () => emulatorAnswers(port),
  };
  return startContainer(plan, say);
}

/** The emulator answers a plain GET with "Ok". */
async function emulatorAnswers(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
}

/** The emulator's jar in the installation that `gcloud` belongs to. */
async function emulatorJar(): Promise<string | undefined> {
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

async function findJava(say: (line: string) => void): Promise<string | undefined> {
  const works = async () => (await runCommand(["java", "-version"], 20_000)).code === 0;
  if (!(await works()) && (await mayInstall())) {
    await install(["default-jre-headless"], say);
  }
  return (await works()) ? "java" : undefined;
}
