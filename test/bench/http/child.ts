import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** For any one answer of a child. */
const PATIENCE_MS = 180_000;

/** A process of one's own that answers each message with one; it is gone when it is disposed. */
export class Child<Sent extends object | string, Answer> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal;

  constructor(program: string, flags: readonly string[], signal: AbortSignal) {
    this.#signal = signal;
    this.#child = fork(program, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [...flags],
    });
  }

  /** Sends and gives the answer; rejects when the process ends, with the signal's reason, or after three minutes. */
  async ask<Got extends Answer>(message: Sent): Promise<Got> {
    const done = new AbortController();
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS), done.signal]);
    const ended = once(this.#child, "exit", { signal }).then(([code]) => {
      throw new Error(`a process of the bench ended (${String(code)})`);
    });
    const answered = once(this.#child, "message", { signal });
    try {
      this.#child.send(message);
      const [answer] = (await Promise.race([answered, ended])) as [Got];
      return answer;
    } finally {
      done.abort();
      await Promise.allSettled([answered, ended]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exited;
  }
}
