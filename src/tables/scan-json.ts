/** What one pass over a JSON text tells without parsing it. */
export interface JsonScan {
  /** The deepest nesting of objects and arrays; a scalar alone is 0. */
  readonly depth: number;
  /** How many members the objects have as written, each duplicate counted. */
  readonly members: number;
  /** Some number has 16 characters or more, or an exponent: a double might not keep it. */
  readonly longNumbers: boolean;
}

const QUOTE = 34;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/**
 * Looks at a text once, in constant stack, before anything is built from it. The counts are exact for valid JSON; for
 * other text they mean nothing, but the pass ends.
 */
export function scanJson(text: string): JsonScan {
  let level = 0;
  let depth = 0;
  let members = 0;
  let longNumbers = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at);
    } else if (code === COLON) {
      members += 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      level += 1;
      depth = level > depth ? level : depth;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      level -= 1;
    } else if (isDigit(code)) {
      const end = numberEnd(text, at);
      longNumbers ||= end - at >= 15 || hasExponent(text, at, end);
      at = end;
    }
  }
  return { depth, members, longNumbers };
}

/** Where the string that opens at `start` closes; the text's length when it never does. */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) {
    end = text.indexOf('"', end + 1);
  }
  return end === -1 ? text.length : end;
}

/** An odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) {
    before -= 1;
  }
  return (at - before) % 2 === 0;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The last character of the number whose first digit is at `start`. */
function numberEnd(text: string, start: number): number {
  let end = start;
  while (isNumberPart(text.charCodeAt(end + 1))) {
    end += 1;
  }
  return end;
}

/** Digits, `.`, `e`, `E`, `+`, `-`. */
function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 46 || code === 101 || code === 69 || code === 43 || code === 45;
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at <= end; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 101 || code === 69) {
      return true;
    }
  }
  return false;
}
