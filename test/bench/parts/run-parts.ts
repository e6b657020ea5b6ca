import { backlog } from "./backlog/backlog.ts";
import { batch } from "./batch.ts";
import { load } from "./load.ts";
import { mix } from "./mix.ts";
import type { Part, PartContext, PartName, PartResult } from "./part.ts";
import { receipts } from "./receipts/receipts.ts";
import { trip } from "./trip.ts";
import { workers } from "./workers.ts";

const PARTS: Readonly<Record<PartName, Part>> = { mix, batch, trip, workers, load, receipts, backlog };

/** Measures the parts that are asked for, one after the other. */
export async function runParts(context: PartContext): Promise<readonly PartResult[]> {
  const results: PartResult[] = [];
  for (const name of context.options.parts) {
    context.say(`${name}:`);
    results.push(await PARTS[name](context));
  }
  return results;
}
