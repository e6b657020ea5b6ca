/**
 * The known name that a misspelt one was most likely meant to be, or undefined when none is near: equal but for case and
 * separators, or at most a third of its letters wrong, missing, added or swapped with a neighbour (2 at the most).
 */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  if (written.length === 0 || written.length > 64) {
    return undefined;
  }
  const folded = fold(written);
  let best: string | undefined;
  let least = Math.min(2, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    const distance = fold(name) === folded ? 0 : editDistance(folded, fold(name));
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[_\s-]/g, "");
}

/** Edits between two short words, a swap of neighbours counting as one ("optimal string alignment"). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
