import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../job.ts";
import { ROWPOST_FLAGS } from "../../run-candidate.ts";

const ROOT = join(import.meta.dirname, "../../../..");

/** Which program is run, and with what beside the flags of its first line. */
export interface Program {
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** The program as it stands here. */
export const SOURCES: Program = { entry: join(ROOT, "src/cli.ts"), environment: {} };

/** The program as the image has it, made in a folder that must not exist yet; with the variables of the Dockerfile. */
export async function imageProgram(folder: string): Promise<Program> {
  const making = spawn(process.execPath, [join(ROOT, "image/bundle.ts"), folder], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(making, "exit");
  if (code !== 0) throw new Error(`image/bundle.ts ended with ${code}`);
  const [, variables = ""] = /^ENV (.*)$/m.exec(readFileSync(join(ROOT, "Dockerfile"), "utf8")) ?? [];
  const environment = Object.fromEntries(
    variables.split(" ").map((pair) => pair.split("=") as [string, string]),
  );
  return { entry: join(folder, "src/cli.js"), environment };
}

/** `rowpost worker` as users run it: with its flags and its defaults. */
export class WorkerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;

  constructor({ entry, environment }: Program, { database, pubsub }: Pick<Job, "database" | "pubsub">) {
    this.#child = spawn(process.execPath, [...ROWPOST_FLAGS, entry, "worker"], {
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...environment,
        PATH: process.env["PATH"],
        INSTANCE_HOST: database.host,
        DB_PORT: String(database.port),
        DB_USER: database.user,
        DB_PASS: database.password,
        DB_NAME: database.name,
        GOOGLE_CLOUD_PROJECT: pubsub.project,
        PUBSUB_EMULATOR_HOST: pubsub.host,
        PUBSUB_TOPIC: pubsub.topic,
        PUBSUB_SUBSCRIPTION: pubsub.subscription,
        PUBSUB_BACKSTOP_TOPIC: pubsub.backstopTopic,
        PUBSUB_BACKSTOP_SUBSCRIPTION: pubsub.backstopSubscription,
        WORKER_PORT: "0",
      },
    });
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resident set and its peak so far, in MB (10^6 bytes), where /proc tells them. */
  memory(): { readonly rss: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, "utf8");
    const megabytes = (name: string) =>
      (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / 1e6;
    return { rss: megabytes("VmRSS"), peak: megabytes("VmHWM") };
  }

  /** SIGTERM, and its orderly end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await exited;
  }
}
