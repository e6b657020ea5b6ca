import type { ChaosPlan } from "./chaos-plan.ts";
import type { Outcomes } from "./check-receipts.ts";

/** What the rows must be in the end. */
export interface Model {
  readonly counters: ReadonlyMap<string, bigint>;
  /** In cents. */
  readonly accounts: ReadonlyMap<number, bigint>;
  readonly documents: ReadonlyMap<number, { readonly version: bigint; readonly body: string }>;
  /** All tokens that a group may hold: which is the last one, the order of arrival decides. */
  readonly groups: ReadonlyMap<number, ReadonlySet<string>>;
  /** The names by the rows that got them. */
  readonly names: ReadonlyMap<string, string>;
  /** All names that somebody has asked for. */
  readonly wanted: ReadonlySet<string>;
}

/** From the plan, and from the ledger only where the order decides who wins: transfers and names. Nothing of rowpost's own is used. */
export function modelOf(plan: ChaosPlan, outcomes: Outcomes): Model {
  const counters = new Map<string, bigint>();
  const accounts = new Map(Array.from({ length: plan.accounts }, (_, id) => [id, plan.startingCents]));
  const documents = new Map<number, { version: bigint; body: string }>();
  const groups = new Map<number, Set<string>>();
  const names = new Map<string, string>();
  const wanted = new Set<string>();
  const move = (id: number, cents: bigint) => accounts.set(id, (accounts.get(id) ?? 0n) + cents);
  for (const [key, { effect }] of plan.updates) {
    const applied = outcomes.get(key) === "applied";
    switch (effect.kind) {
      case "count":
        counters.set(effect.id, (counters.get(effect.id) ?? 0n) + effect.by);
        break;
      case "transfer":
        if (applied) {
          move(effect.from, -effect.cents);
          move(effect.to, effect.cents);
        }
        break;
      case "document":
        if ((documents.get(effect.id)?.version ?? 0n) < effect.version) documents.set(effect.id, effect);
        break;
      case "group":
        groups.set(effect.team, (groups.get(effect.team) ?? new Set()).add(effect.token));
        break;
      case "name":
        wanted.add(effect.name);
        if (applied) names.set(effect.id, effect.name);
        break;
      case "none":
      case "either":
        break;
      default:
        effect satisfies never;
    }
  }
  return { counters, accounts, documents, groups, names, wanted };
}
