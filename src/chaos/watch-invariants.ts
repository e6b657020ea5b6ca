import { setTimeout as delay } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import type { ChaosPlan } from "./chaos-plan.ts";
import type { ChaosScene } from "./chaos-scene.ts";
import { MEMBERS } from "./chaos-tables.ts";

/** What holds at every moment, and is looked at again and again. */
export interface Watch extends AsyncDisposable {
  /** Snapshots that were looked at. */
  readonly looks: number;
  /** One sentence for each that was not as it must be; the first few. */
  readonly violations: readonly string[];
}

const EVERY_MS = 150;
const MOST = 10;

/**
 * Looks at snapshots of the database while it runs: no money comes or goes, no account is overdrawn, and no group is half
 * written. While the database is away it waits.
 */
export function watchInvariants(scene: ChaosScene, plan: ChaosPlan): Watch {
  const stopping = new AbortController();
  const state = { looks: 0, violations: [] as string[] };
  const run = async () => {
    while (!stopping.signal.aborted) {
      await lookOften(scene, plan, state, stopping.signal).catch(() => {});
      await delay(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    get looks() {
      return state.looks;
    },
    violations: state.violations,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}

/** Until the connection is lost. */
async function lookOften(
  scene: ChaosScene,
  plan: ChaosPlan,
  state: { looks: number; violations: string[] },
  signal: AbortSignal,
): Promise<void> {
  const connection = await scene.connect();
  connection.on("error", () => {});
  try {
    while (!signal.aborted) {
      const found = await look(connection, plan);
      state.looks += 1;
      if (state.violations.length < MOST) state.violations.push(...found);
      await delay(EVERY_MS, undefined, { signal });
    }
  } finally {
    connection.destroy();
  }
}

async function look(connection: Connection, { accounts, startingCents }: ChaosPlan): Promise<string[]> {
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  const [money] = await rows(
    connection,
    "SELECT SUM(balance) AS total, MIN(balance) AS least FROM chaos_accounts",
  );
  const halves = await rows(
    connection,
    "SELECT team, COUNT(*) AS members, COUNT(DISTINCT token) AS tokens FROM chaos_groups GROUP BY team " +
      `HAVING members <> ${MEMBERS} OR tokens <> 1`,
  );
  await connection.query("COMMIT");
  const total = (startingCents * BigInt(accounts)) / 100n;
  const found = halves.map(
    ({ team, members, tokens }) =>
      `group ${team} was seen half written: ${members} members with ${tokens} tokens`,
  );
  if (money?.["total"] !== `${total}.00`)
    found.push(`all accounts together held ${money?.["total"]}, not ${total}.00`);
  if (Number(money?.["least"]) < 0) found.push(`an account was overdrawn: ${money?.["least"]}`);
  return found;
}

/** The rows of a query, as the server prints their values. */
export async function rows(connection: Connection, sql: string): Promise<Record<string, unknown>[]> {
  const [found] = await connection.query(sql);
  return found as Record<string, unknown>[];
}
