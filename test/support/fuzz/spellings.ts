import { Digits, Members, type Tree } from "./json-tree.ts";

/** A number in 0 … n-1, another one each time. */
export type Random = (n: number) => number;

/** The same value as another JSON text: other spaces, another order of members, other spellings of numbers and characters. */
export function spelled(tree: Tree, random: Random): string {
  const text = unspaced(tree, random);
  return spaces(random) + text + spaces(random);
}

function unspaced(tree: Tree, random: Random): string {
  if (tree instanceof Digits) return spelledNumber(tree.text, random);
  if (typeof tree === "string") return spelledText(tree, random);
  if (tree instanceof Members) {
    const list = tree.list.map(([name, value]) => {
      return `${spaces(random)}${spelledText(name, random)}${spaces(random)}:${spelled(value, random)}`;
    });
    // only where no name is there twice: of those the last one counts
    const distinct = new Set(tree.list.map(([name]) => name)).size === list.length;
    return `{${(distinct && random(2) === 0 ? list.reverse() : list).join(",") || spaces(random)}}`;
  }
  if (!Array.isArray(tree)) return String(tree);
  return `[${(tree as readonly Tree[]).map((item) => spelled(item, random)).join(",") || spaces(random)}]`;
}

function spaces(random: Random): string {
  return random(4) === 0 ? (["\n", "\t", "\r\n  ", " "][random(4)] ?? "") : "";
}

/** Any character may be written as its UTF-16 code units (RFC 8259 section 7). */
function spelledText(text: string, random: Random): string {
  if (random(3) > 0) return JSON.stringify(text);
  const units = Array.from({ length: text.length }, (_, at) => {
    const unit = text[at] ?? "";
    const escape = `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
    if (random(3) === 0) return random(2) === 0 ? escape : `\\u${escape.slice(2).toUpperCase()}`;
    // half of a pair cannot stand for itself beside an escaped half
    if (unit === "/") return "\\/";
    return unit.isWellFormed() ? JSON.stringify(unit).slice(1, -1) : escape;
  });
  return `"${units.join("")}"`;
}

/** The same number with its point elsewhere, more zeros, or an exponent (RFC 8259 section 6). */
export function spelledNumber(text: string, random: Random): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null || random(3) === 0) return text;
  const [, sign = "", whole = "", fraction = "", power = "0"] = match;
  const moved = random(whole.length + 1);
  const left = whole.slice(0, whole.length - moved).replace(/^0+(?=\d)/, "") || "0";
  const right = whole.slice(whole.length - moved) + fraction + "0".repeat(random(4));
  const exponent = BigInt(power) + BigInt(moved);
  const signOf = exponent < 0n ? "" : (["", "+"][random(2)] ?? "");
  const tail = exponent === 0n && random(2) === 0 ? "" : `${"eE"[random(2)]}${signOf}${exponent}`;
  return `${sign}${left}${right === "" ? "" : `.${right}`}${tail}`;
}
