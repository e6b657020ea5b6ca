import { invalid } from "./status-error.ts";

/** One piece of a filter: a word, a text in quotes, or a sign. */
export interface Token {
  readonly kind: "word" | "text" | "sign" | "end";
  /** What it says, escapes resolved. */
  readonly text: string;
}

const WORD = /[A-Za-z0-9_-]+/y;
const SIGN = /!=|[=:.,()]/y;
const SIMPLE: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
const CODE = /u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})/y;

/** Cuts a filter into tokens; throws INVALID_ARGUMENT where it is none. A minus in front of a term is a sign. */
export function filterTokens(filter: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < filter.length) {
    const char = filter[at] as string;
    if (/\s/.test(char)) {
      at++;
    } else if (char === '"') {
      const [text, end] = quoted(filter, at + 1);
      tokens.push({ kind: "text", text });
      at = end;
    } else if (char === "-" && !follows(tokens, ".", ":")) {
      tokens.push({ kind: "sign", text: "-" });
      at++;
    } else {
      const word = match(WORD, filter, at);
      const text = word ?? match(SIGN, filter, at);
      if (text === undefined) throw invalid(`The filter has "${char}" where nothing like it may be.`);
      tokens.push({ kind: word === undefined ? "sign" : "word", text });
      at += text.length;
    }
  }
  tokens.push({ kind: "end", text: "the end" });
  return tokens;
}

function follows(tokens: readonly Token[], ...signs: readonly string[]): boolean {
  const last = tokens.at(-1);
  return last?.kind === "sign" && signs.includes(last.text);
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** The text from behind a quotation mark to the next one, and where it ends. */
function quoted(filter: string, start: number): readonly [text: string, end: number] {
  let text = "";
  for (let at = start; at < filter.length; at++) {
    const char = filter[at] as string;
    if (char === '"') return [text, at + 1];
    if (char === "\\") {
      const [said, end] = escaped(filter, at + 1);
      text += said;
      at = end - 1;
    } else {
      text += char;
    }
  }
  throw invalid("The filter has a text without an end.");
}

function escaped(filter: string, at: number): readonly [char: string, end: number] {
  CODE.lastIndex = at;
  const code = CODE.exec(filter);
  if (code !== null) {
    const hex = code[1] ?? code[2] ?? code[3];
    const point = hex === undefined ? Number.parseInt(code[4] ?? "", 8) : Number.parseInt(hex, 16);
    if (point > 0x10ffff) throw invalid(`The filter has \\${code[0]}, which is no character.`);
    return [String.fromCodePoint(point), CODE.lastIndex];
  }
  const char = filter[at];
  if (char === undefined || /[A-Za-z0-9]/.test(char)) {
    const simple = SIMPLE[char ?? ""];
    if (simple === undefined) throw invalid(`The filter has \\${char ?? ""}, which is no escape.`);
    return [simple, at + 1];
  }
  return [char, at + 1];
}
