/** A number as it is written. */
export class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** An object as it is written: members in their order, also several of one name. */
export class Members {
  readonly list: readonly Member[];
  constructor(list: readonly Member[]) {
    this.list = list;
  }
}

export type Member = readonly [name: string, value: Tree];

/** A JSON text as a tree that loses nothing of it but spaces and escapes. */
export type Tree = null | boolean | string | Digits | readonly Tree[] | Members;

/** An object of these members. */
export function members(of: Readonly<Record<string, Tree>>): Members {
  return new Members(Object.entries(of));
}

/** The last member of that name, as most parsers have it. */
export function memberOf(tree: Tree | undefined, name: string): Tree | undefined {
  return tree instanceof Members ? tree.list.findLast(([other]) => other === name)?.[1] : undefined;
}

/** The tree of a plain value, as `JSON.parse` gives it. */
export function treeOf(value: unknown): Tree {
  if (typeof value === "number") return new Digits(JSON.stringify(value));
  if (Array.isArray(value)) return value.map(treeOf);
  if (typeof value === "object" && value !== null)
    return new Members(Object.entries(value).map(([name, item]) => [name, treeOf(item)] as const));
  return value as null | boolean | string;
}

/** The text of a tree, without spaces. */
export function printTree(tree: Tree): string {
  if (tree instanceof Digits) return tree.text;
  if (tree instanceof Members) {
    const list = tree.list.map(([name, value]) => `${JSON.stringify(name)}:${printTree(value)}`);
    return `{${list.join(",")}}`;
  }
  return Array.isArray(tree) ? `[${tree.map(printTree).join(",")}]` : JSON.stringify(tree);
}

/** How many values a tree has, itself counted. */
export function sizeOf(tree: Tree): number {
  const inside =
    tree instanceof Members ? tree.list.map(([, value]) => value) : Array.isArray(tree) ? tree : [];
  return (inside as readonly Tree[]).reduce<number>((sum, item) => sum + sizeOf(item), 1);
}
