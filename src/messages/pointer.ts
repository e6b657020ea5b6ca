/** A pointer this long is still stored whole with its rejection. */
const LONGEST = 255;

/**
 * The JSON pointer (RFC 6901) of a path below `prefix`, which is a pointer itself. Names are the publisher's and may be
 * of any size: where the pointer would pass 255 characters it ends early, at an enclosing value.
 */
export function pointerTo(path: readonly PropertyKey[], prefix = ""): string {
  let pointer = prefix;
  for (const step of path) {
    const next = `${pointer}/${String(step).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (next.length > LONGEST) {
      break;
    }
    pointer = next;
  }
  return pointer;
}
