import type { Connection } from "mysql2/promise";
import type { ChaosPlan, PlannedUpdate } from "./chaos-plan.ts";
import { rows } from "./watch-invariants.ts";

/** What became of the plan's keys, as the ledger says: "applied", "stale", …, or the code of a rejection. */
export type Outcomes = ReadonlyMap<string, string>;

/** One sentence for each thing that is wrong. */
export type Complain = (sentence: string) => void;

/** Reads the ledger: each key has one receipt with an outcome that the plan allows; each rejection has its dead letter. */
export async function checkReceipts(
  connection: Connection,
  plan: ChaosPlan,
  messageIds: ReadonlyMap<string, readonly string[]>,
  complain: Complain,
): Promise<Outcomes> {
  const outcomes = new Map<string, string>();
  for (const { k, outcome, code } of await rows(
    connection,
    `SELECT idempotency_key AS k, outcome, code FROM receipts WHERE idempotency_key LIKE 'chaos-${plan.seed}-%'`,
  )) {
    const key = String(k);
    if (outcomes.has(key)) complain(`${key} has two receipts`);
    outcomes.set(key, outcome === "rejected" ? String(code) : String(outcome));
  }
  for (const [key, update] of plan.updates) {
    const became = outcomes.get(key);
    if (became === undefined)
      complain(`${key} is lost: it has no receipt, and was published as ${messageIds.get(key)?.join(", ")}`);
    else if (!update.allowed.includes(became))
      complain(`${key} became ${became}, not ${update.allowed.join(" or ")}`);
  }
  for (const key of outcomes.keys()) if (!plan.updates.has(key)) complain(`${key} was never published`);
  await checkDeadLetters(connection, plan, outcomes, complain);
  return outcomes;
}

async function checkDeadLetters(
  connection: Connection,
  plan: ChaosPlan,
  outcomes: Outcomes,
  complain: Complain,
): Promise<void> {
  const letters = new Map<string, string[]>();
  for (const { k, code } of await rows(connection, "SELECT idempotency_key AS k, code FROM dead_letters")) {
    const key = String(k);
    letters.set(key, [...(letters.get(key) ?? []), String(code)]);
  }
  for (const [key, update] of plan.updates) {
    const found = letters.get(key) ?? [];
    const wanted = lettersOf(update, outcomes.get(key), plan.reused.has(key));
    if (!wanted.includes(found.join()))
      complain(`${key} has the dead letters [${found.join(", ")}], not [${wanted.join("] or [")}]`);
  }
}

/** The lists of dead letters that are right. */
function lettersOf(
  { allowed }: PlannedUpdate,
  became: string | undefined,
  reused: boolean,
): readonly string[] {
  if (reused) return ["key_reused"];
  if (became === undefined || !SETTLED.has(became)) return [became ?? ""];
  // A rejected update that is delivered again is judged again: the first verdict's dead letter stays.
  return ["", ...allowed.filter((one) => !SETTLED.has(one))];
}

const SETTLED = new Set(["applied", "unchanged", "stale"]);
