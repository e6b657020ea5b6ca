import { Digits, Members, type Member, type Tree } from "./json-tree.ts";

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// oxlint-disable-next-line no-control-regex -- RFC 8259 section 7 forbids just these
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORDS: readonly (readonly [string, Tree])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
];

/**
 * Reads a JSON text by the letter of RFC 8259, slowly and with nothing left out: what `src` reads is compared with it. Throws
 * an Error for what is no JSON. Takes one level of stack for each level of nesting.
 */
export function readTree(text: string): Tree {
  const reader = new Reader(text);
  const tree = reader.value();
  reader.end();
  return tree;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Tree {
    this.#take(SPACE);
    const tree = this.#bare();
    this.#take(SPACE);
    return tree;
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail();
  }

  #bare(): Tree {
    if (this.#skip("{")) return new Members(this.#listed("}", () => this.#member()));
    if (this.#skip("[")) return this.#listed("]", () => this.value());
    const number = this.#take(NUMBER);
    if (number !== undefined) return new Digits(number);
    for (const [word, value] of WORDS) if (this.#skip(word)) return value;
    return this.#string();
  }

  #listed<T>(close: string, item: () => T): T[] {
    this.#take(SPACE);
    const items: T[] = [];
    if (this.#skip(close)) return items;
    do items.push(item());
    while (this.#skip(","));
    if (!this.#skip(close)) this.#fail();
    return items;
  }

  #member(): Member {
    this.#take(SPACE);
    const name = this.#string();
    this.#take(SPACE);
    if (!this.#skip(":")) this.#fail();
    return [name, this.value()];
  }

  #string(): string {
    const text = this.#take(TEXT);
    return text === undefined ? this.#fail() : (JSON.parse(text) as string);
  }

  #skip(word: string): boolean {
    const there = this.#text.startsWith(word, this.#at);
    if (there) this.#at += word.length;
    return there;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(): never {
    throw new Error(`no JSON at ${this.#at}`);
  }
}
