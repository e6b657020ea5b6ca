import { randomBytes } from "node:crypto";
import { runCommand } from "./child-process.ts";
import { ServerProcess, type ServerPlan } from "./server-process.ts";

/** One container: an image, its arguments, and one of its ports on 127.0.0.1. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What runs in it, after the image's own entry point. */
  readonly command: readonly string[];
  readonly hostPort: number;
  readonly containerPort: number;
  readonly logFile: string;
  ready(): Promise<void>;
}

/** Marks our containers, so that those that a crash left behind are found again. */
const LABEL = "rowpost.local";

/** True when a Docker engine answers; a client alone is not enough. */
export async function dockerAnswers(): Promise<boolean> {
  const { code } = await runCommand(["docker", "version", "--format", "{{.Server.Version}}"], 10_000);
  return code === 0;
}

/**
 * Makes a container and starts it; it keeps its data over `stop` and `start` and is removed with them by dispose.
 * Fetches the image when it is missing, and says so.
 */
export async function startContainer(
  plan: ContainerPlan,
  say: (line: string) => void,
): Promise<ServerProcess> {
  await fetchImage(plan.image, say);
  await removeLeftovers();
  const id = `rowpost-${randomBytes(6).toString("hex")}`;
  const environment = Object.entries(plan.environment).flatMap(([key, value]) => [
    "--env",
    `${key}=${value}`,
  ]);
  const publish = ["--publish", `127.0.0.1:${plan.hostPort}:${plan.containerPort}`];
  const create = ["docker", "create", "--name", id, "--label", LABEL, ...environment, ...publish];
  const made = await runCommand([...create, plan.image, ...plan.command], 60_000);
  if (made.code !== 0) {
    throw new Error(`Docker could not make a container of ${plan.image}:\n${made.output.slice(-2_000)}`);
  }
  const server = new ServerProcess(serverPlan(plan, id));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

function serverPlan(plan: ContainerPlan, id: string): ServerPlan {
  return {
    name: `${plan.name} (${plan.image} in Docker)`,
    // Attached, so that the client's signals are the container's and its end is the client's.
    command: ["docker", "start", "--attach", id],
    logFile: plan.logFile,
    ready: () => plan.ready(),
    startTimeoutMs: 120_000,
    stopTimeoutMs: 30_000,
    keepsNothing: false,
    async cleanUp() {
      await runCommand(["docker", "rm", "--force", "--volumes", id], 60_000);
    },
  };
}

async function fetchImage(image: string, say: (line: string) => void): Promise<void> {
  if ((await runCommand(["docker", "image", "inspect", image], 10_000)).code === 0) {
    return;
  }
  say(`Fetching ${image} with Docker …`);
  const { code, output } = await runCommand(["docker", "pull", "--quiet", image], 900_000);
  if (code !== 0) {
    throw new Error(`Docker could not fetch ${image}:\n${output.slice(-2_000)}`);
  }
}

async function removeLeftovers(): Promise<void> {
  const list = [
    "docker",
    "ps",
    "--all",
    "--quiet",
    "--filter",
    `label=${LABEL}`,
    "--filter",
    "status=exited",
  ];
  const { code, output } = await runCommand(list, 10_000);
  if (code === 0 && output !== "") {
    await runCommand(["docker", "rm", "--force", "--volumes", ...output.split("\n")], 60_000);
  }
}
