import type { Terminal } from "./context.ts";
import { PaceMeter, progressBar, progressLine, type Snapshot } from "./publish-pace.ts";

/** How often the line on a terminal is drawn anew, and how often a line is written elsewhere, in milliseconds. */
const REDRAW_MS = 100;
const LINE_MS = 5_000;

/** Back to the start of the line, which is emptied. */
const CLEAR = "\r\u001b[K";

/**
 * Shows how a long run goes on: on a terminal one line that is drawn anew, elsewhere (a file, a pipe, a log) a line every
 * 5 seconds. What else is said meanwhile goes through `say`, so that it does not run into that line. Closing it takes the
 * line away; twice does no harm.
 */
export class Progress implements Disposable {
  readonly #terminal: Terminal;
  readonly #snapshot: () => Snapshot;
  readonly #meter = new PaceMeter(performance.now());
  #timer: NodeJS.Timeout | undefined;
  #drawn = false;

  /** `quiet`: nothing is shown but what is said. */
  constructor(terminal: Terminal, snapshot: () => Snapshot, quiet = false) {
    this.#terminal = terminal;
    this.#snapshot = snapshot;
    if (!quiet) {
      const onTerminal = terminal.isTTY === true;
      this.#timer = setInterval(
        () => (onTerminal ? this.#draw() : this.#write()),
        onTerminal ? REDRAW_MS : LINE_MS,
      );
    }
  }

  /** Writes one line. */
  say(line: string): void {
    this.#terminal.write(`${this.#drawn ? CLEAR : ""}${line}\n`);
    this.#drawn = false;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#drawn) {
      this.#terminal.write(CLEAR);
      this.#drawn = false;
    }
  }

  #draw(): void {
    const pace = this.#meter.pace(this.#snapshot(), performance.now());
    this.#terminal.write(`${CLEAR}${progressBar(pace, this.#terminal.columns ?? 80)}`);
    this.#drawn = true;
  }

  #write(): void {
    this.say(progressLine(this.#meter.pace(this.#snapshot(), performance.now())));
  }
}
