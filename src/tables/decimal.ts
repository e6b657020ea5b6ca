/**
 * A decimal number, exact: `digits` × 10^`exponent`. The digits have no leading and no trailing zeros, so that two
 * equal numbers have equal parts; zero has no digits, exponent 0 and no sign.
 */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const ZERO: Decimal = { negative: false, digits: "", exponent: 0 };
const NUMBER = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const DIGIT_ZERO = 48;
const POINT = 46;

/** A number's significant digits and what moves its point: `digits` × 10^(`power` + `shift`). */
interface Parts {
  readonly negative: boolean;
  readonly digits: string;
  readonly power: string;
  readonly shift: number;
}

/**
 * Reads the grammar of RFC 8259 section 6, and also a plus sign and leading zeros; undefined for anything else.
 * Takes time linear in the text, whatever the exponent: nothing is expanded. An exponent beyond 2^53 is only near.
 */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = split(text);
  if (parts === undefined) {
    return undefined;
  }
  const { negative, digits, power, shift } = parts;
  return digits === "" ? ZERO : { negative, digits, exponent: Number(power) + shift };
}

/** The exponent of a number that {@link parseDecimal} reads, however large it is. */
export function exactExponent(text: string): bigint {
  const { power = "0", shift = 0 } = split(text) ?? {};
  return BigInt(power) + BigInt(shift);
}

function split(text: string): Parts | undefined {
  const match = NUMBER.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const all = whole + fraction;
  let start = 0;
  while (all.charCodeAt(start) === DIGIT_ZERO) {
    start++;
  }
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === DIGIT_ZERO) {
    end--;
  }
  const shift = all.length - end - fraction.length;
  return { negative: sign === "-", digits: all.slice(start, end), power, shift };
}

/** How many digits stand before the point, leading zeros not counted. */
export function wholeDigits(value: Decimal): number {
  return Math.max(0, value.digits.length + value.exponent);
}

/** How many digits stand after the point, trailing zeros not counted. */
export function fractionDigits(value: Decimal): number {
  return Math.max(0, -value.exponent);
}

/**
 * The number in plain digits with exactly `scale` fraction digits: no exponent, no leading zeros, no `-0`.
 * The caller has made sure that it has no more fraction digits than that, and a sensible number of whole ones.
 */
export function plainDigits(value: Decimal, scale: number): string {
  const digits = (value.digits + "0".repeat(value.digits === "" ? 0 : value.exponent + scale)).padStart(
    scale + 1,
    "0",
  );
  return (value.negative ? "-" : "") + pointed(digits, scale);
}

/** `scaled` / 10^`scale` in plain digits with exactly `scale` fraction digits. */
export function printScaled(scaled: bigint, scale: number): string {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(scale + 1, "0");
  return (scaled < 0n ? "-" : "") + pointed(digits, scale);
}

/** The inverse of {@link printScaled}. */
export function readScaled(plain: string): bigint {
  return BigInt(plain.replace(".", ""));
}

function pointed(digits: string, scale: number): string {
  const point = digits.length - scale;
  return scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * How many digits stand before the point of a text that {@link plainDigits} would give again as it is: digits, a point, and `scale`
 * digits, no sign, no zeros in front; with `scale` 0 no point. 0 for any other text, most of which are numbers all the same.
 */
export function plainWholeDigits(text: string, scale: number): number {
  const whole = scale === 0 ? text.length : text.length - scale - 1;
  if (whole < 1 || (whole > 1 && text.charCodeAt(0) === DIGIT_ZERO)) return 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (at === whole ? code !== POINT : code < DIGIT_ZERO || code > DIGIT_ZERO + 9) return 0;
  }
  return whole;
}
