import fc from "fast-check";
import { anyName, anyNumber, anyTree } from "./column-values.ts";
import { Digits, Members, type Member, printTree, sizeOf, type Tree } from "./json-tree.ts";

/** Trees with one to three of their values replaced, removed, repeated, renamed or added to. */
export function mutatedTree(trees: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc.tuple(trees, treeEdits()).map(([tree, edit]) => edit(tree));
}

/** What makes such trees of others. */
export function treeEdits(): fc.Arbitrary<(tree: Tree) => Tree> {
  const how = fc.constantFrom(...WAYS);
  const one = fc.record({ at: fc.nat(), how, value: strangeTree(), name: anyName() });
  const some = fc.array(one, { minLength: 1, maxLength: 3 });
  return some.map((all) => (tree: Tree) => all.reduce(mutate, tree));
}

const WAYS = ["replace", "remove", "repeat", "rename", "add", "wrap"] as const;

interface Mutation {
  readonly at: number;
  readonly how: (typeof WAYS)[number];
  readonly value: Tree;
  readonly name: string;
}

/** Values that tables mostly do not take. */
function strangeTree(): fc.Arbitrary<Tree> {
  return fc.oneof(
    anyTree(),
    anyNumber().map((text) => new Digits(text)),
    fc.constantFrom<Tree>(
      "\ud800",
      "",
      " ",
      "NaN",
      "Infinity",
      "1e5",
      "0x10",
      "2024-02-30",
      "24:00:00",
      "x".repeat(300),
    ),
    fc.integer({ min: 5, max: 80 }).map(nested),
    fc.string({ unit: "binary", maxLength: 5 }),
  );
}

function nested(depth: number): Tree {
  let tree: Tree = null;
  for (let level = 0; level < depth; level += 1) tree = [tree];
  return tree;
}

function mutate(tree: Tree, { at, how, value, name }: Mutation): Tree {
  let left = at % sizeOf(tree);
  const visit = (one: Tree): Tree => {
    if (left-- === 0 && how === "wrap") return [one];
    if (left === -1) return how === "add" && one instanceof Members ? withMember(one, name, value) : value;
    if (one instanceof Members) return new Members(one.list.flatMap((member) => visitMember(member)));
    return Array.isArray(one) ? one.map(visit) : one;
  };
  const visitMember = ([called, inside]: Member): readonly Member[] => {
    if (left !== 0 || how === "replace" || how === "wrap" || how === "add") return [[called, visit(inside)]];
    left = -1;
    if (how === "remove") return [];
    return how === "repeat"
      ? [
          [called, inside],
          [called, value],
        ]
      : [[name, inside]];
  };
  return visit(tree);
}

function withMember({ list }: Members, name: string, value: Tree): Members {
  return new Members([...list, [name, value]]);
}

/** Bytes with some of them changed, gone, doubled or put in. */
export function mutatedBytes(texts: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const put = fc.oneof(fc.constantFrom(...SNIPPETS), anyBytes());
  const edit = fc.record({ at: fc.nat(), gone: fc.nat({ max: 3 }), put });
  const some = fc.array(edit, { minLength: 1, maxLength: 3 });
  return fc.tuple(texts, some).map(([bytes, edits]) =>
    edits.reduce((all, one) => {
      const start = one.at % (all.length + 1);
      return Buffer.concat([all.subarray(0, start), one.put, all.subarray(start + one.gone)]);
    }, bytes),
  );
}

const anyBytes = () => fc.uint8Array({ maxLength: 3 }).map((some) => Buffer.from(some));
const SNIPPETS = [
  ...[
    "",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "\\u",
    "\\ud800",
    "e9",
    "E+",
    "-",
    ".",
    "0",
    "9".repeat(40),
  ],
  ..."\u0000\ufeff\n/*".split(""),
  ...["null", "1e400", "1e-400", "//", "'", "\u2028", '"__proto__":', '"\\ud83d"', "\\u0000", "\\x"],
]
  .map((text) => Buffer.from(text))
  .concat(
    [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]].map((some) =>
      Buffer.from(some),
    ),
  );

/** Printed trees, mutated as trees, as bytes, or both. */
export function mutatedText(trees: fc.Arbitrary<Tree>): fc.Arbitrary<Buffer> {
  const printed = (some: fc.Arbitrary<Tree>) => some.map((tree) => Buffer.from(printTree(tree)));
  return fc.oneof(
    { weight: 4, arbitrary: printed(mutatedTree(trees)) },
    { weight: 2, arbitrary: mutatedBytes(printed(trees)) },
    { weight: 1, arbitrary: mutatedBytes(printed(mutatedTree(trees))) },
  );
}
