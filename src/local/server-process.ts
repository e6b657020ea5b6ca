import { writeFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { type Child, lastLines, startChild } from "./child-process.ts";

/** How to run one server. */
export interface ServerPlan {
  /** For messages: "MariaDB 10.11.19". */
  readonly name: string;
  readonly command: readonly string[];
  readonly logFile: string;
  /** Where to note its process id, for a server that does not do so itself. */
  readonly pidFile?: string;
  /** One try to reach it: resolves when it answers, rejects when it does not yet. */
  ready(): Promise<void>;
  readonly startTimeoutMs: number;
  /** Time from SIGTERM to SIGKILL. */
  readonly stopTimeoutMs: number;
  /** True: nobody keeps its data, so dispose kills it at once. `stop` stays orderly. */
  readonly keepsNothing: boolean;
  /** Removes what the server leaves on disk; called once, by dispose. */
  cleanUp?(): Promise<void>;
}

/** A server that is a child of this process. It can be stopped and started again on the same port and data. */
export class ServerProcess implements AsyncDisposable {
  readonly #plan: ServerPlan;
  #child: Child | undefined;
  #disposed: Promise<void> | undefined;

  constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  get logFile(): string {
    return this.#plan.logFile;
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.alive === true ? this.#child.pid : undefined;
  }

  /** Starts it and waits until it answers. Rejects with the last lines of its log when it ends or stays silent. */
  async start(): Promise<void> {
    if (this.pid !== undefined) {
      return;
    }
    this.#child = await startChild(this.#plan.command, this.#plan.logFile);
    try {
      if (this.#plan.pidFile !== undefined) {
        await writeFile(this.#plan.pidFile, String(this.#child.pid));
      }
      await this.#untilReady(this.#child);
    } catch (error) {
      await this.#child.kill();
      throw error;
    }
  }

  /** Ends it in an orderly way and waits for the end. Nothing happens when it does not run. */
  async stop(): Promise<void> {
    await this.#child?.stop(this.#plan.stopTimeoutMs);
  }

  /** SIGKILL, as a crash would. */
  async kill(): Promise<void> {
    await this.#child?.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#end();
    return this.#disposed;
  }

  async #end(): Promise<void> {
    await (this.#plan.keepsNothing ? this.kill() : this.stop());
    await this.#plan.cleanUp?.();
  }

  async #untilReady(child: Child): Promise<void> {
    const deadline = performance.now() + this.#plan.startTimeoutMs;
    for (;;) {
      const answer = await this.#plan.ready().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!child.alive) {
        const { code, signal, error } = await child.exited;
        throw this.#failure(`ended at its start (${error?.message ?? signal ?? `exit code ${code}`})`);
      }
      if (answer === undefined) {
        return;
      }
      if (performance.now() > deadline) {
        throw this.#failure(`did not answer within ${this.#plan.startTimeoutMs / 1_000} s`, answer);
      }
      await Promise.race([delay(25), child.exited]);
    }
  }

  #failure(what: string, cause?: unknown): Error {
    const log = lastLines(this.#plan.logFile).replaceAll(/^/gm, "  | ");
    return new Error(`${this.#plan.name} ${what}; the end of ${this.#plan.logFile}:\n${log}`, { cause });
  }
}
