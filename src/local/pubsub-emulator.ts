import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startContainer } from "./docker.ts";
import { freePort } from "./free-port.ts";
import { type Machine, THIS_MACHINE } from "./machine.ts";
import { endOrphan } from "./orphan.ts";
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

/** A Pub/Sub broker that answers. What it holds is in its memory: a stop loses topics and messages. */
export interface LocalEmulator extends AsyncDisposable {
  /** Where it came from, for a person. */
  readonly origin: string;
  /** "127.0.0.1:28085", as PUBSUB_EMULATOR_HOST wants it. */
  readonly host: string;
  /** To stop and start it; undefined for a configured one, which is not ours, and for the one in this process. */
  readonly server: ServerProcess | undefined;
}

const IMAGE = "google/cloud-sdk:emulators";

/**
 * Gets a Pub/Sub broker, by the first way that is open: the configured emulator; the one of an installed Google Cloud CLI,
 * run with Java directly (its wrapper script adds seconds); Docker; the built-in broker, in this process.
 */
export async function openEmulator(
  options: EmulatorOptions,
  machine: Machine = THIS_MACHINE,
): Promise<LocalEmulator> {
  if (options.configured !== undefined) {
    const origin = `the configured Pub/Sub emulator at ${options.configured}`;
    return { origin, host: options.configured, server: undefined, async [Symbol.asyncDispose]() {} };
  }
  const say = options.say ?? (() => {});
  const port = await freePort();
  const jar = await machine.findEmulatorJar();
  if (jar !== undefined && (await getJava(machine, say))) {
    const what = "the Google Cloud CLI's Pub/Sub emulator";
    return localEmulator(what, port, await startJar(jar, port, options.folder));
  }
  if (await machine.dockerAnswers()) {
    return localEmulator(`${IMAGE} in Docker`, port, await startImage(port, options.folder, say));
  }
  const { host, close } = await machine.openBroker(port);
  return {
    origin: `the built-in broker, on port ${port}`,
    host,
    server: undefined,
    [Symbol.asyncDispose]: close,
  };
}

async function getJava(machine: Machine, say: (line: string) => void): Promise<boolean> {
  if (await machine.hasJava()) {
    return true;
  }
  if (!(await machine.mayInstall())) {
    return false;
  }
  await machine.install(["default-jre-headless"], say);
  return machine.hasJava();
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

async function startJar(jar: string, port: number, place: string): Promise<ServerProcess> {
  const folder = resolve(place);
  const [pidFile, mark] = [join(folder, "emulator.pid"), `-Drowpost.folder=${folder}`];
  await endOrphan(pidFile, mark);
  const server = new ServerProcess({
    name: "The Pub/Sub emulator",
    command: ["java", mark, "-jar", jar, "--host=127.0.0.1", `--port=${port}`],
    logFile: join(folder, "emulator.log"),
    pidFile,
    ready: () => emulatorAnswers(port),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 5_000,
    keepsNothing: true,
    cleanUp: () => rm(pidFile, { force: true }),
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
