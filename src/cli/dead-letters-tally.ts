import type { Terminal } from "./context.ts";
import type { Replayed } from "../apply/replay-publish.ts";
import { printable } from "./printable.ts";

const EVERY_MS = 1_000;
const MOST_REASONS = 20;

/** Counts what a replay has done, says how far it is once a second, and reports at the end. */
export class ReplayTally {
  /** Ids in the order in which the broker confirmed them. */
  readonly published: string[] = [];
  readonly #total: number;
  readonly #output: Terminal;
  readonly #others: Exclude<Replayed, { result: "published" }>[] = [];
  readonly #start = performance.now();
  #said = this.#start;

  constructor(total: number, output: Terminal) {
    this.#total = total;
    this.#output = output;
  }

  add(replayed: Replayed): void {
    if (replayed.result === "published") this.published.push(replayed.id);
    else this.#others.push(replayed);
    const now = performance.now();
    if (now - this.#said < EVERY_MS) return;
    this.#said = now;
    this.#output.write(`${this.published.length} of ${this.#total} published, ${this.#rate(now)}/s\n`);
  }

  /** Every dead letter was published, or there was a reason to leave it alone; and not all of them were left. */
  get allDone(): boolean {
    const failed = this.#others.some(({ result }) => result === "failed");
    return !failed && this.published.length > 0 && this.#seen === this.#total;
  }

  /** What was done, in full lines; why each of the others was not published. */
  report(topic: string): string {
    const rate = this.published.length >= 100 ? `, ${this.#rate(performance.now())}/s` : "";
    const lines = [`${this.published.length} of ${this.#total} published to ${topic}${rate}`];
    const open = this.#total - this.#seen;
    if (open > 0) lines.push(`${open} not tried`);
    for (const { id, result, reason } of this.#others.slice(0, MOST_REASONS)) {
      lines.push(`${id} ${result === "left" ? "not replayed" : "not published"}: ${printable(reason)}`);
    }
    const more = this.#others.length - MOST_REASONS;
    if (more > 0) lines.push(`and ${more} more that were not published`);
    return `${lines.join("\n")}\n`;
  }

  get #seen(): number {
    return this.published.length + this.#others.length;
  }

  #rate(now: number): number {
    return Math.round((this.published.length * 1_000) / Math.max(1, now - this.#start));
  }
}
