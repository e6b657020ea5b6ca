import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Child, lastLines, startChild } from "../local/child-process.ts";

export interface CrewOptions {
  /** The command that runs rowpost, to which the arguments are added. */
  readonly program: readonly string[];
  /** The variables of the processes, and nothing else of ours. */
  readonly environment: Readonly<Record<string, string>>;
  /** For their logs. */
  readonly folder: string;
  /** Where it says whether it is ready, when others wait for that. */
  readonly readyUrl?: string;
}

/** A process that is killed and comes back. Its log goes on in one file. */
export class CrewMember implements AsyncDisposable {
  readonly name: string;
  readonly #options: CrewOptions;
  readonly #args: readonly string[];
  #child: Child | undefined;
  #ended = false;
  #kills = 0;

  constructor(name: string, args: readonly string[], options: CrewOptions) {
    this.name = name;
    this.#args = args;
    this.#options = options;
  }

  get kills(): number {
    return this.#kills;
  }

  get logFile(): string {
    return join(this.#options.folder, `${this.name}.log`);
  }

  async start(): Promise<void> {
    if (this.#ended || this.#child?.alive === true) return;
    const { program, environment } = this.#options;
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    this.#child = await startChild(["env", ...variables, ...program, ...this.#args], this.logFile);
  }

  /** Resolves when it is ready, or after a while: it may have reasons not to be. */
  async ready(): Promise<void> {
    const { readyUrl } = this.#options;
    if (readyUrl === undefined) return;
    const deadline = performance.now() + READY_MS;
    while (performance.now() < deadline && !this.#ended) {
      const answer = await fetch(readyUrl, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok === true) return;
      await delay(50);
    }
  }

  /** SIGKILL, and a new one after a while. Does nothing when it is away already. */
  async kill(awayMs: number): Promise<boolean> {
    if (this.#child?.alive !== true) return false;
    await this.#child.kill();
    this.#kills += 1;
    await delay(awayMs);
    await this.start();
    return true;
  }

  /** Throws when it has ended by itself, with its last words. */
  assertAlive(): void {
    if (this.#child?.alive === false && !this.#ended)
      throw new Error(`${this.name} has ended by itself:\n${lastLines(this.logFile)}`);
  }

  /** SIGTERM, in an orderly way. Gives the exit code; null: it had to be killed. */
  async stop(): Promise<number | null> {
    this.#ended = true;
    if (this.#child === undefined) return 0;
    const { code } = await this.#child.stop(STOP_MS);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#child?.kill();
  }
}

/** More than a start takes on a busy machine. */
const READY_MS = 20_000;
/** More than a process' own grace period. */
const STOP_MS = 40_000;
