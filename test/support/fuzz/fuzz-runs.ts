import fc from "fast-check";

const FULL_RUNS = 100_000;

/** How often a property is tried: `usual` times; FUZZ_RUNS=n: n times; FUZZ=full: `full` times. */
export function fuzzRuns(usual: number, full: number = FULL_RUNS): number {
  const asked = process.env["FUZZ_RUNS"];
  if (asked !== undefined) return Number(asked);
  return process.env["FUZZ"] === "full" ? full : usual;
}

/**
 * Tries a property with new values each time. A failure says the smallest values that it fails for, and by which variables it
 * is tried with them again: FUZZ_SEED and FUZZ_PATH.
 */
export async function assertHolds<T>(
  property: fc.IRawProperty<T>,
  usual: number,
  full?: number,
): Promise<void> {
  const seed = process.env["FUZZ_SEED"];
  const path = process.env["FUZZ_PATH"];
  const details = await fc.check(property as fc.IAsyncProperty<T>, {
    numRuns: fuzzRuns(usual, full),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path, endOnFailure: true }),
  });
  if (!details.failed) return;
  const again = `FUZZ_SEED=${details.seed} FUZZ_PATH=${details.counterexamplePath}`;
  const report = (await fc.asyncDefaultReportMessage(details)) ?? "";
  throw new Error(`${again} tries it again\n${report}`, { cause: details.errorInstance });
}
