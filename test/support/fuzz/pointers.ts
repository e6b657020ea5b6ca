import type { Rejection } from "../../../src/messages/rejection.ts";
import { Members, type Tree } from "./json-tree.ts";

/** Pointers are cut to this many characters, at the end of a step. */
const LONGEST = 255;

/**
 * Does the rejection's pointer (RFC 6901) lead to a value of the document, or, where something is required, to the place where
 * it is missing?
 */
export function pointsInto(document: Tree, { pointer = "", rule }: Rejection): boolean {
  if (pointer.length > LONGEST || (pointer !== "" && !pointer.startsWith("/"))) return false;
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (steps.some((_, at) => /~(?![01])/.test(pointer.split("/")[at + 1] ?? ""))) return false;
  return leadsInto(document, steps, rule === "required");
}

/** Of several members of one name, any will do: that there are several may be what is wrong. Half characters are told as U+FFFD. */
function leadsInto(tree: Tree, [step, ...others]: readonly string[], mayMiss: boolean): boolean {
  if (step === undefined) return true;
  const inside = insideOf(tree, step);
  if (inside.length === 0) return mayMiss && others.length === 0 && tree instanceof Members;
  return inside.some((next) => leadsInto(next, others, mayMiss));
}

function insideOf(tree: Tree, step: string): readonly Tree[] {
  if (tree instanceof Members)
    return tree.list.flatMap(([name, value]) => (name.toWellFormed() === step ? [value] : []));
  const item =
    Array.isArray(tree) && /^(0|[1-9]\d*)$/.test(step) ? (tree as readonly Tree[])[Number(step)] : undefined;
  return item === undefined ? [] : [item];
}
