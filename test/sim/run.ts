import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { simReport } from "./report.ts";

/**
 * Simulates the fleet of workers under an HPA: prints the tables, and writes them and the plots to plots/. It uses no clock and
 * no chance: the same code gives the same bytes. What it takes as given is in assumptions.ts.
 */
const { markdown, plots } = simReport();
const folder = join(import.meta.dirname, "plots");
await mkdir(folder, { recursive: true });
for (const [name, svg] of plots) await writeFile(join(folder, name), svg);
await writeFile(join(folder, "tables.md"), markdown);
console.log(markdown);
