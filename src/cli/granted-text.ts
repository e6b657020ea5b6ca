import type { Granted } from "../pubsub/grant-dead-letters.ts";
import type { TopologyChange } from "../pubsub/topology.ts";

/** One change, a line: `created    topic "updates" in project "p": new`. */
export function changeLine({ action, resource, detail }: TopologyChange): string {
  return `${action.padEnd("unchanged".length)}  ${resource}: ${detail}\n`;
}

/** What became of the dead-letter policy's grants; who may not make them gets the commands to hand on. */
export function grantedText(granted: Granted, commands: readonly string[]): string {
  switch (granted.kind) {
    case "granted":
      return granted.changes.map(changeLine).join("");
    case "no-iam":
      return "skipped    the rights of Pub/Sub's service agent: an emulator has no IAM\n";
    case "refused":
      return [
        ...granted.changes.map(changeLine),
        `skipped    ${granted.reason}\n`,
        "\nOnce, somebody who may must let Pub/Sub itself move messages to the dead-letter topic:\n",
        ...commands.map((command) => `  ${command}\n`),
      ].join("");
    default:
      return granted satisfies never;
  }
}
