import type { ChaosResult } from "../chaos/run-chaos.ts";

/** What a run has shown, for a person. */
export function chaosReport(result: ChaosResult): string {
  const { seed, violations, seconds, updates, messages, looks } = result;
  const lines = [
    "",
    `${count(updates)} updates in ${count(messages)} messages, ${Math.round(seconds)} s`,
    line("done", result.played),
    line("by the broker", { ...result.faults, ...result.faults.refusals, refusals: undefined }),
    `tried again      ${count(result.retries)} publishes`,
    line("became", result.outcomes),
    `snapshots        ${count(looks)}`,
    "",
    ...violations.map((violation) => `WRONG: ${violation}`),
    violations.length === 0
      ? "nothing lost, nothing doubled, nothing half done, no older version over a newer one"
      : `${violations.length} things are wrong; rowpost chaos --seed ${seed} with the same options does the same again`,
    "",
  ];
  return lines.join("\n");
}

function line(what: string, counts: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(counts).filter(([, n]) => typeof n === "number" && n > 0) as [string, number][];
  return `${what.padEnd(16)} ${said.map(([name, n]) => `${count(n)} ${name}`).join(", ")}`;
}

function count(n: number): string {
  return n.toLocaleString("en-US");
}
