import { invalid } from "./status-error.ts";

export type ResourceKind = "topics" | "subscriptions" | "schemas" | "snapshots";

const ID = /^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$/;

/** Checks a name that a new resource is to have: Pub/Sub documentation, "Guidelines to name a topic or a subscription". */
export function checkName(kind: ResourceKind, name: string): void {
  const parts = name.split("/");
  const id = parts[3] ?? "";
  const fits = parts.length === 4 && parts[0] === "projects" && parts[1] !== "" && parts[2] === kind;
  if (!fits || !ID.test(id) || id.startsWith("goog")) throw invalid(`Invalid [${kind}] name: (name=${name})`);
}

/** "projects/p", of "projects/p/topics/t". */
export function projectOf(name: string): string {
  return name.split("/", 2).join("/");
}

/** "t", of "projects/p/topics/t". */
export function idOfName(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
