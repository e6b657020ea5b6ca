import type { Log, LogLevel } from "./log.ts";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const satisfies LogLevel[];

/** How a process logs now. */
export interface LevelState {
  readonly level: LogLevel;
  /** What it was started with (`LOG_LEVEL`). */
  readonly configured: LogLevel;
  /** When it goes back to that by itself, RFC 3339; undefined: it stays. */
  readonly until?: string;
}

/** A process' log level, which can be switched while it runs. Closing it gives the configured level back. */
export class LogLevelSwitch implements Disposable {
  readonly #log: Log;
  readonly #configured: LogLevel;
  #until: Date | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log) {
    this.#log = log;
    this.#configured = log.level as LogLevel;
  }

  get state(): LevelState {
    const until = this.#until?.toISOString();
    const state = { level: this.#log.level as LogLevel, configured: this.#configured };
    return until === undefined ? state : { ...state, until };
  }

  /** Switches at once; after `seconds` back to the configured level, if they are given. */
  set(level: LogLevel, seconds?: number): LevelState {
    this.#forget();
    const before = this.#log.level;
    if (before !== level) {
      // Said whatever the two levels are.
      this.#log.level = "info";
      this.#log.info({ before }, `the log level is ${level} now`);
    }
    this.#log.level = level;
    if (seconds !== undefined && level !== this.#configured) {
      this.#until = new Date(Date.now() + seconds * 1000);
      this.#timer = setTimeout(() => this.set(this.#configured), seconds * 1000);
    }
    return this.state;
  }

  [Symbol.dispose](): void {
    this.#forget();
    this.#log.level = this.#configured;
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#until = undefined;
  }
}
