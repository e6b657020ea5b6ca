/** The longest line that the repository's formatter leaves alone (`lineWidth` in biome.json). */
const LINE_WIDTH = 110;

/** What can stand in a definition: data, or a chain of calls such as `p.string().length(5)`. */
export type Source = string | number | boolean | readonly Source[] | SourceObject | Chain;

export interface SourceObject {
  readonly [name: string]: Source | undefined;
}

/** `head.name(arguments).name(arguments)…` */
export class Chain {
  readonly head: string;
  readonly calls: readonly { readonly name: string; readonly args: readonly Source[] }[];

  constructor(head: string, calls: Chain["calls"]) {
    this.head = head;
    this.calls = calls;
  }
}

/** The value as TypeScript, laid out as the repository's formatter would; it begins `used` characters into its line. */
export function printSource(value: Source, indent: string, used: number, behind = 1): string {
  const flat = flatSource(value);
  if (flat !== undefined && used + flat.length + behind <= LINE_WIDTH) return flat;
  if (value instanceof Chain) return brokenChain(value, indent);
  const deeper = `${indent}  `;
  if (isList(value)) {
    return `[\n${value.map((item) => `${deeper}${printSource(item, deeper, deeper.length)},\n`).join("")}${indent}]`;
  }
  if (typeof value !== "object") return flat ?? "";
  return `{\n${membersOf(value)
    .map(([name, member]) => `${deeper}${printMember(name, member, deeper)},\n`)
    .join("")}${indent}}`;
}

/** Behind a shorter name a line break would gain nothing. */
const SHORTEST_TO_BREAK = 5;

/** `name: value`; the value of a text that is too long for its line stands below. */
export function printMember(name: string, value: Source, indent: string): string {
  const label = `${propertyName(name)}: `;
  const printed = printSource(value, indent, indent.length + label.length);
  const tooLong = typeof value === "string" && indent.length + label.length + printed.length + 1 > LINE_WIDTH;
  return tooLong && label.length - 2 >= SHORTEST_TO_BREAK
    ? `${label.trimEnd()}\n${indent}  ${printed}`
    : label + printed;
}

/** A string in the quotes that need fewer escapes, double ones when it makes no difference. */
export function quoted(text: string): string {
  const double = JSON.stringify(text);
  const count = (quote: string) => text.split(quote).length - 1;
  if (count('"') <= count("'")) return double;
  return `'${double.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function propertyName(name: string): string {
  return /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(name) ? name : quoted(name);
}

/** In one line; undefined when the formatter would never write it so. */
function flatSource(value: Source): string | undefined {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Chain) {
    const calls = value.calls.map(({ name, args }) => `.${name}(${args.map(flatSource).join(", ")})`);
    return value.head + calls.join("");
  }
  if (isList(value)) {
    const objects = value.every((item) => typeof item === "object" && !isList(item));
    return objects && value.length > 1 ? undefined : whole(value.map(flatSource), "[", "]");
  }
  const members = membersOf(value).map(([name, member]) => {
    const flat = flatSource(member);
    return flat === undefined ? undefined : `${propertyName(name)}: ${flat}`;
  });
  return members.length === 0 ? "{}" : whole(members, "{ ", " }");
}

function whole(parts: readonly (string | undefined)[], open: string, close: string): string | undefined {
  return parts.includes(undefined) ? undefined : open + parts.join(", ") + close;
}

/** One call breaks inside of its parentheses; more take a line each. */
function brokenChain({ head, calls }: Chain, indent: string): string {
  const deeper = `${indent}  `;
  const [first] = calls;
  if (first === undefined) return head;
  if (calls.length === 1) return `${head}.${first.name}(${brokenArgs(first.args, indent)})`;
  const lines = calls.map(({ name, args }, i) => {
    const ends = i === calls.length - 1 ? 1 : 0; // the comma behind the chain
    return `\n${deeper}.${name}(${argsOf(args, deeper, name.length + 3 + ends)})`;
  });
  return head + lines.join("");
}

function argsOf(args: readonly Source[], indent: string, used: number): string {
  const flat = args.map(flatSource).join(", ");
  return indent.length + used + flat.length <= LINE_WIDTH ? flat : brokenArgs(args, indent);
}

function brokenArgs(args: readonly Source[], indent: string): string {
  const [only] = args;
  const deeper = `${indent}  `;
  if (only === undefined) return "";
  if (isList(only)) return printSource(only, indent, LINE_WIDTH);
  return `\n${deeper}${printSource(only, deeper, deeper.length)},\n${indent}`;
}

function isList(value: Source): value is readonly Source[] {
  return Array.isArray(value);
}

function membersOf(value: Source): [string, Source][] {
  return Object.entries(value as SourceObject).filter(
    (member): member is [string, Source] => member[1] !== undefined,
  );
}
