import type { Connection } from "mysql2/promise";
import type { ChaosPlan } from "./chaos-plan.ts";
import type { Complain, Outcomes } from "./check-receipts.ts";
import { type Model, modelOf } from "./model.ts";
import { rows } from "./watch-invariants.ts";

/** Compares the rows with what the plan and the ledger's outcomes make of them. */
export async function checkRows(
  connection: Connection,
  plan: ChaosPlan,
  outcomes: Outcomes,
  complain: Complain,
): Promise<void> {
  const model = modelOf(plan, outcomes);
  await checkCounters(connection, plan, model, complain);
  await checkAccounts(connection, model, complain);
  await checkDocuments(connection, model, complain);
  await checkGroups(connection, model, complain);
  await checkNames(connection, model, complain);
}

async function checkCounters(
  connection: Connection,
  plan: ChaosPlan,
  model: Model,
  complain: Complain,
): Promise<void> {
  const counters = await pairs(connection, "SELECT id AS k, n AS v FROM chaos_counters");
  for (const key of plan.reused) {
    const effect = plan.updates.get(key)?.effect;
    if (effect?.kind !== "either") continue;
    const sides = [effect.id, String(BigInt(effect.id) + 1n)].map((id) => counters.get(id) ?? "0");
    counters.delete(effect.id);
    counters.delete(String(BigInt(effect.id) + 1n));
    if (sides.toSorted().join() !== "0,1")
      complain(`${key}, used twice, has had the effects ${sides.join(" and ")}`);
  }
  for (const [id, sum] of model.counters) {
    const found = counters.get(id) ?? "nothing";
    counters.delete(id);
    if (found !== String(sum)) complain(`counter ${id} holds ${found}, and its increments make ${sum}`);
  }
  for (const [id, n] of counters) complain(`counter ${id} holds ${n}, and nobody has written it`);
}

async function checkAccounts(connection: Connection, model: Model, complain: Complain): Promise<void> {
  const balances = await pairs(connection, "SELECT id AS k, balance AS v FROM chaos_accounts");
  for (const [id, cents] of model.accounts) {
    const found = balances.get(String(id));
    const wanted = `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
    if (found !== wanted) complain(`account ${id} holds ${found}, and its applied transfers make ${wanted}`);
  }
}

async function checkDocuments(connection: Connection, model: Model, complain: Complain): Promise<void> {
  const found = new Map<string, string>();
  for (const { id, version, body } of await rows(connection, "SELECT id, version, body FROM chaos_documents"))
    found.set(String(id), `${version} ${JSON.stringify(sorted(String(body)))}`);
  for (const [id, { version, body }] of model.documents) {
    const wanted = `${version} ${JSON.stringify(sorted(body))}`;
    if (found.get(String(id)) !== wanted)
      complain(`document ${id} is ${found.get(String(id))}, and its newest is ${wanted}`);
  }
  for (const { document, older, newer } of await rows(
    connection,
    "SELECT document, older, newer FROM chaos_diary WHERE newer <= older",
  ))
    complain(`document ${document}: version ${newer} has replaced ${older}`);
}

async function checkGroups(connection: Connection, model: Model, complain: Complain): Promise<void> {
  for (const { team, token } of await rows(connection, "SELECT DISTINCT team, token FROM chaos_groups")) {
    if (model.groups.get(Number(team))?.has(String(token)) !== true)
      complain(`group ${team} holds ${token}, which no applied update has given it`);
  }
}

async function checkNames(connection: Connection, model: Model, complain: Complain): Promise<void> {
  const owners = await pairs(connection, "SELECT id AS k, name AS v FROM chaos_names");
  for (const [id, name] of model.names) {
    if (owners.get(id) !== name) complain(`${name} was given to ${id}, and is not its own`);
    owners.delete(id);
  }
  for (const [id, name] of owners) complain(`${name} belongs to ${id}, and no receipt says so`);
  for (const name of model.wanted) {
    const given = [...model.names.values()].filter((one) => one === name).length;
    if (given !== 1) complain(`${name} was wanted, and given ${given} times`);
  }
}

async function pairs(connection: Connection, sql: string): Promise<Map<string, string>> {
  return new Map((await rows(connection, sql)).map(({ k, v }) => [String(k), String(v)]));
}

/** MySQL keeps the members of JSON in an order of its own. */
function sorted(json: string): unknown {
  return Object.entries(JSON.parse(json) as Record<string, unknown>).toSorted(([a], [b]) => (a < b ? -1 : 1));
}
