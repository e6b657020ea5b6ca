import { exactNumber } from "./exact-number.ts";
import { Digits, Members, type Tree } from "./json-tree.ts";

/** One text for all spellings of a JSON value, and another for every other value; of members of one name the last counts. */
export function meaningOf(tree: Tree): string {
  if (tree instanceof Digits) return exactNumber(tree.text);
  if (tree instanceof Members) {
    const last = new Map(tree.list);
    const list = [...last].map(([name, value]) => `${JSON.stringify(name)}:${meaningOf(value)}`);
    return `{${list.sort().join(",")}}`;
  }
  return Array.isArray(tree) ? `[${tree.map(meaningOf).join(",")}]` : JSON.stringify(tree);
}
