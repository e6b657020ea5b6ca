import { writeFileSync } from "node:fs";
import { Session } from "node:inspector";

const INTERVAL_US = 250;

/** A CPU profile of this process, written when it is stopped; for `node --cpu-prof`'s readers (DevTools, speedscope). */
export class CpuProfile {
  readonly #session = new Session();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  }

  start(): void {
    this.#session.post("Profiler.start");
  }

  stop(): void {
    // The session is on this thread: it answers before `post` returns.
    this.#session.post("Profiler.stop", (error, answer) => {
      if (error !== null) throw error;
      writeFileSync(this.#file, JSON.stringify(answer.profile));
    });
    this.#session.disconnect();
  }
}
