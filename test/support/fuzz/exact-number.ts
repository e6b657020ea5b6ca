/** What a number is, whatever its spelling: two have the same text if, and only if, they are the same number. */
export function exactNumber(text: string): string {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) throw new Error(`not a number: ${text.slice(0, 100)}`);
  const [, sign, whole = "", fraction = "", power = "0"] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  if (digits === "") return "0";
  const significant = digits.slice(0, lastNonZero(digits) + 1);
  const exponent = BigInt(power) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign === "-" ? "-" : ""}${significant}e${exponent}`;
}

function lastNonZero(digits: string): number {
  for (let at = digits.length - 1; at > 0; at -= 1) if (digits[at] !== "0") return at;
  return 0;
}
