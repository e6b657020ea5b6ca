const ZERO = "0".charCodeAt(0);
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** The two digits at `at` as a number, or NaN. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** Does `YYYY-MM-DD` stand at the start of the text, and name a day of the Gregorian calendar? */
export function startsWithDay(text: string): boolean {
  const century = twoDigits(text, 0);
  const year = century * 100 + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (Number.isNaN(year) || text[4] !== "-" || text[7] !== "-" || !(month >= 1 && month <= 12)) {
    return false;
  }
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

/** Does `HH:MM:SS` stand at `at`, from 00:00:00 to 23:59:59? MySQL has no leap seconds. */
export function clockAt(text: string, at: number): boolean {
  return (
    twoDigits(text, at) <= 23 &&
    text[at + 2] === ":" &&
    twoDigits(text, at + 3) <= 59 &&
    text[at + 5] === ":" &&
    twoDigits(text, at + 6) <= 59
  );
}

/** Where the digits that start at `at` end. */
export function digitsEnd(text: string, at: number): number {
  let end = at;
  for (let code = text.charCodeAt(end); code >= ZERO && code <= ZERO + 9; code = text.charCodeAt(end)) {
    end++;
  }
  return end;
}

/**
 * Fraction digits brought to a column's precision (0 to 6) and printed with their point, as MySQL does; undefined when
 * a digit other than 0 would be lost.
 */
export function fractionOf(digits: string, precision: number): string | undefined {
  for (let at = precision; at < digits.length; at++) {
    if (digits[at] !== "0") {
      return undefined;
    }
  }
  return precision === 0 ? "" : `.${digits.slice(0, precision).padEnd(precision, "0")}`;
}
