/** At most one line of a kind in this time; what was left out is counted in the next. */
const QUIET_MS = 10_000;

/** Passes on the first error, and then at most one in 10 s with the number of those before it that were not. */
export function sparing(say: (error: unknown, more: number) => void): (error: unknown) => void {
  let next = 0;
  let kept = 0;
  return (error) => {
    if (performance.now() < next) {
      kept += 1;
      return;
    }
    say(error, kept);
    next = performance.now() + QUIET_MS;
    kept = 0;
  };
}
