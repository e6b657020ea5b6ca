import { keyId } from "./key-id.ts";
import { hexLiteral, textLiteral, timeLiteral } from "./literal.ts";

/**
 * Whether a dead letter still waits for somebody. `open`: never replayed, or rejected again by its last replay; `replayed`:
 * published again and not rejected since. Each is one of the two.
 */
export const DEAD_LETTER_STATES = ["open", "replayed"] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** Which dead letters: those that meet every criterion given, and one value of each list. None given: all. */
export interface DeadLetterFilter {
  readonly ids?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly tables?: readonly string[] | undefined;
  /** Last rejected, or noted as replayed, at this moment or later. */
  readonly since?: Date | undefined;
  /** … and before this one. */
  readonly until?: Date | undefined;
  readonly state?: DeadLetterState | undefined;
  /** No id beyond this one: leaves out what came after somebody looked. */
  readonly upTo?: string | undefined;
}

/** The filter as an SQL condition. Ids are checked here: anything but digits throws a TypeError. */
export function conditionOf(filter: DeadLetterFilter): string {
  const { ids, keys, codes, tables, since, until, state, upTo } = filter;
  const parts = [
    ids && `id IN (${ids.map(idLiteral).join(",")})`,
    keys && `key_id IN (${keys.map((key) => hexLiteral(keyId(key))).join(",")})`,
    codes && `code IN (${codes.map(textLiteral).join(",")})`,
    tables && `table_name IN (${tables.map(textLiteral).join(",")})`,
    since && `last_at>=${timeLiteral(since)}`,
    until && `last_at<${timeLiteral(until)}`,
    state === "open" && OPEN,
    state === "replayed" && `NOT ${OPEN}`,
    upTo !== undefined && `id<=${idLiteral(upTo)}`,
  ].filter((part) => typeof part === "string");
  return parts.length === 0 ? "TRUE" : parts.join(" AND ");
}

const OPEN = "(COALESCE(replay_outcome,'')='rejected' OR (replay_outcome IS NULL AND replays=0))";

/** An id as it may stand in SQL. */
export function idLiteral(id: string): string {
  if (!/^\d{1,20}$/.test(id)) throw new TypeError(`${JSON.stringify(id)} is not the id of a dead letter`);
  return id;
}
