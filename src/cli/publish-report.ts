import type { Break } from "./publish-piece.ts";
import { number } from "./publish-pace.ts";
import type { Ending } from "./publish-run.ts";

/** What became of a run. */
export interface RunResult {
  /** The file, as messages call it. */
  readonly name: string;
  readonly ending: Ending;
  readonly dryRun: boolean;
  readonly randomKeys: boolean;
  readonly from: number;
  readonly read: number;
  readonly done: number;
  readonly refused: number;
  readonly failed: number;
  readonly unconfirmed: number;
  readonly settledUpTo: number;
  readonly elapsedMs: number;
}

/** Was every record sent? */
export function isComplete({ ending, refused, failed, unconfirmed }: RunResult): boolean {
  return ending.why === "end" && refused + failed + unconfirmed === 0;
}

/** The lines that end a run: why it stopped early and how to go on, if it did, and the counts. */
export function reportLines(result: RunResult): string[] {
  const why = endingText(result);
  return [...(why === undefined ? [] : [why, ...goOnLines(result)]), summary(result)];
}

/** `customers.csv: 84,120 sent, 3 refused, 0 failed in 6.8 s (12,370/s)` */
function summary(result: RunResult): string {
  const { name, dryRun, from, read, done, refused, failed, unconfirmed, elapsedMs } = result;
  if (read < from) {
    return read === 0 ? `${name}: no records` : `${name}: only ${number(read)} records, none to send`;
  }
  const seconds = elapsedMs / 1_000;
  const time = `in ${seconds.toFixed(1)} s (${number((done + refused) / Math.max(seconds, 0.001))}/s)`;
  const begin = from > 1 ? `, from record ${number(from)} on` : "";
  if (dryRun) {
    return `${name}: ${number(done)} valid, ${number(refused)} refused ${time}${begin}; nothing was sent`;
  }
  const open = unconfirmed > 0 ? `, ${number(unconfirmed)} not confirmed` : "";
  return `${name}: ${number(done)} sent, ${number(refused)} refused, ${number(failed)} failed${open} ${time}${begin}`;
}

function endingText({ name, ending }: RunResult): string | undefined {
  switch (ending.why) {
    case "end":
      return undefined;
    case "interrupted":
      return `${name}: interrupted by ${ending.signal}`;
    case "broken":
      return breakText(name, ending.place);
    case "trouble":
      return `${name}: ${ending.message}`;
    default:
      return ending satisfies never;
  }
}

function breakText(name: string, { line, column, reason }: Break): string {
  return `${name}:${line}:${column}: ${reason}; nothing behind this place was read`;
}

function goOnLines({ dryRun, randomKeys, settledUpTo, read, unconfirmed }: RunResult): string[] {
  if (dryRun) {
    return [];
  }
  const next = settledUpTo + 1;
  const lines = [
    settledUpTo === 0
      ? "no record is confirmed yet; start again from the first"
      : `every record up to ${number(settledUpTo)} is sent or refused; go on with --from ${next}`,
  ];
  if (unconfirmed > 0 && read > settledUpTo) {
    lines.push(
      randomKeys
        ? `up to ${number(read - settledUpTo)} records behind that may have been sent, too: with --random-keys they would be applied twice`
        : "what is sent again has the same idempotency key, and takes effect once",
    );
  }
  return lines;
}
