import { join } from "node:path";
import { type ChaosOptions, type ChaosResult, runChaos } from "../../src/chaos/run-chaos.ts";
import { flavorOfLeg, legProgram, testFolder } from "./leg.ts";
import type { Scope } from "./servers.ts";
import { rm } from "node:fs/promises";

const ROOT = join(import.meta.dirname, "../..");

/** A run of chaos on this leg's server, with the workers of this project or of a copy. */
export async function chaos(
  scope: Scope,
  options: Pick<ChaosOptions, "seed" | "updates" | "seconds" | "workers" | "kills" | "restarts" | "cuts">,
  project = ROOT,
): Promise<ChaosResult> {
  const folder = await testFolder();
  scope.after(() => rm(folder, { recursive: true, force: true }));
  const said: string[] = [];
  try {
    return await runChaos({
      ...options,
      folder,
      program: [process.execPath, join(project, "src/cli.ts")],
      mysql: await legProgram(await flavorOfLeg(), console.error),
      say: (line) => void said.push(line),
      signal: new AbortController().signal,
    });
  } catch (error) {
    throw new Error(`the stack could not be run:\n${said.join("\n")}`, { cause: error });
  }
}

/** In one line. */
export function summary({
  updates,
  messages,
  seconds,
  played,
  faults,
  looks,
  outcomes,
}: ChaosResult): string {
  return JSON.stringify({ updates, messages, seconds: Math.round(seconds), played, faults, looks, outcomes });
}
