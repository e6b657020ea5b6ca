import { filterTokens, type Token } from "./filter-tokens.ts";
import { invalid } from "./status-error.ts";

/** True for the attributes of a message that a subscription wants. */
export type Filter = (attributes: ReadonlyMap<string, string>) => boolean;

/** Pub/Sub documentation, "Filter messages from a subscription". */
const MAX_FILTER_BYTES = 256;

/**
 * Compiles a filter: `attributes:k`, `attributes.k = "v"`, `!=`, `hasPrefix(attributes.k, "v")`, joined by AND or by OR (both
 * only with parentheses), negated by NOT or `-`. A message without attribute k is one of `attributes.k != "v"`. Throws
 * INVALID_ARGUMENT when it is none.
 */
export function parseFilter(filter: string): Filter {
  if (Buffer.byteLength(filter) > MAX_FILTER_BYTES)
    throw invalid(`A filter may have ${MAX_FILTER_BYTES} bytes.`);
  const tokens = new TokenWalk(filterTokens(filter));
  const parsed = parseTerms(tokens);
  tokens.take("end");
  return parsed;
}

/** Tokens, one after the other. */
class TokenWalk {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  is(kind: Token["kind"], text?: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === kind && (text === undefined || token.text === text);
  }

  /** Goes on if the next token is this one. */
  skip(kind: Token["kind"], text: string): boolean {
    const found = this.is(kind, text);
    if (found) this.#at++;
    return found;
  }

  /** The next token, which must be such a one. */
  take(kind: Token["kind"], text?: string): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || !this.is(kind, text))
      throw invalid(`The filter has ${token?.text ?? "its end"} where ${text ?? `a ${kind}`} must be.`);
    this.#at++;
    return token.text;
  }
}

function parseTerms(tokens: TokenWalk): Filter {
  const terms = [parseTerm(tokens)];
  const word = tokens.is("word", "OR") ? "OR" : "AND";
  while (tokens.skip("word", word)) terms.push(parseTerm(tokens));
  if (tokens.is("word", "AND") || tokens.is("word", "OR"))
    throw invalid("A filter that joins by AND and by OR needs parentheses.");
  if (terms.length === 1) return terms[0] as Filter;
  return word === "OR"
    ? (attributes) => terms.some((term) => term(attributes))
    : (attributes) => terms.every((term) => term(attributes));
}

function parseTerm(tokens: TokenWalk): Filter {
  if (tokens.skip("word", "NOT") || tokens.skip("sign", "-")) {
    const term = parseTerm(tokens);
    return (attributes) => !term(attributes);
  }
  if (tokens.skip("sign", "(")) {
    const inner = parseTerms(tokens);
    tokens.take("sign", ")");
    return inner;
  }
  return tokens.skip("word", "hasPrefix") ? parsePrefix(tokens) : parseComparison(tokens);
}

function parsePrefix(tokens: TokenWalk): Filter {
  tokens.take("sign", "(");
  tokens.take("word", "attributes");
  tokens.take("sign", ".");
  const key = parseKey(tokens);
  tokens.take("sign", ",");
  const prefix = tokens.take("text");
  tokens.take("sign", ")");
  return (attributes) => attributes.get(key)?.startsWith(prefix) === true;
}

function parseComparison(tokens: TokenWalk): Filter {
  tokens.take("word", "attributes");
  if (tokens.skip("sign", ":")) {
    const key = parseKey(tokens);
    return (attributes) => attributes.has(key);
  }
  tokens.take("sign", ".");
  const key = parseKey(tokens);
  if (tokens.skip("sign", "!=")) {
    const value = tokens.take("text");
    return (attributes) => attributes.get(key) !== value;
  }
  tokens.take("sign", "=");
  const value = tokens.take("text");
  return (attributes) => attributes.get(key) === value;
}

function parseKey(tokens: TokenWalk): string {
  return tokens.is("text") ? tokens.take("text") : tokens.take("word");
}
