import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectCopy } from "./project-copy.ts";
import type { Scope } from "./servers.ts";

/** A build that is broken in the way of many systems: what it does is right as long as nothing goes wrong in the middle. */
export interface Mutant {
  readonly name: string;
  readonly file: string;
  /** Pieces of the file's text, each there once, and what takes its place. */
  readonly changes: readonly (readonly [from: string, to: string])[];
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: "receipts in a transaction of their own, after that of the rows",
    file: "src/apply/batch.ts",
    changes: [
      ["    await writeReceiptsOnce(tx, store, outcome.receipts, ledger);\n", ""],
      [
        "return { settlements: outcome.settlements, begun,",
        "return { outcome, ledger, settlements: outcome.settlements, begun,",
      ],
      [
        "  const { settlements, ...times } = done;",
        "  await store.transaction((tx) => writeReceiptsOnce(tx, store, done.outcome.receipts, done.ledger));\n" +
          "  const { settlements, ...times } = done;",
      ],
    ],
  },
  {
    name: "acknowledged before the commit",
    file: "src/worker/lanes.ts",
    changes: [
      [
        "      const result = await applyBatch(",
        "      for (const { delivery } of batch) delivery.ack();\n      const result = await applyBatch(",
      ],
    ],
  },
  {
    name: "a key that is claimed before its update is applied",
    file: "src/apply/batch.ts",
    changes: [
      [
        "  const done = await store.transaction(async (tx) => {\n",
        `  const claims = new Map<IdempotencyKey, Settled>();
  const claimed = await store.transaction(async (tx) => {
    const found = await lookUpReceipts(tx, batch.map(({ key }) => key));
    for (const decoded of batch)
      if (!found.has(decoded.key))
        claims.set(decoded.key, { decoded, settlement: { outcome: "applied", rows: 1, inserted: 0 } });
    await writeReceiptsOnce(tx, store, claims, found);
    return found;
  });
  const done = await store.transaction(async (tx) => {
`,
      ],
      [
        "    const ledger = await lookUpReceipts(\n      tx,\n      batch.map(({ key }) => key),\n    );\n    const looked",
        `    const ledger = new Map(claimed);
    for (const [key, claim] of await lookUpReceipts(tx, [...claims.keys()]))
      ledger.set(key, { ...claim, outcome: "rejected" });
    const looked`,
      ],
    ],
  },
];

/** The text of its file with the mutant in it. Throws when the code it breaks has changed: then the mutant must change, too. */
export function changed({ name, file, changes }: Mutant, text: string): string {
  let broken = text;
  for (const [from, to] of changes) {
    if (broken.split(from).length !== 2)
      throw new Error(`mutant "${name}": ${file} does not have once:\n${from}`);
    broken = broken.replace(from, () => to);
  }
  return broken;
}

/** A copy of the project with the mutant in it. */
export async function mutated(scope: Scope, mutant: Mutant): Promise<string> {
  const copy = await projectCopy(scope);
  const path = join(copy, mutant.file);
  await writeFile(path, changed(mutant, await readFile(path, "utf8")));
  return copy;
}
