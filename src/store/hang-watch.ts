import type { Connection } from "mysql2";
import type { Connections } from "./open-connection.ts";
import { cut, within } from "./open-connection.ts";
import type { PooledConnection } from "./pooled-connection.ts";
import { type SessionState, statesOf } from "./session.ts";
import { databaseError, isUnreachable } from "./trouble.ts";

/** How often the connections in use are looked through. */
const TICK_MS = 250;

/** A statement that waits longer for its answer is asked about; this doubles with each answer that it is at work. */
const PATIENCE_MS = 2_000;
const LONGEST_PATIENCE_MS = 10_000;

/** What the question may take, on a connection that is open. */
const QUESTION_MS = 2_000;

/** A statement may take its time to arrive: bytes that TCP holds are sent for us, but the server has none of it yet. */
const SLOWEST_BYTES_PER_MS = 512;

/** How many times in a row the server has to say that a session does nothing: it may just be receiving the statement. */
const IDLE_LOOKS = 3;

/** What is known of a statement that has waited too long. */
interface Suspect {
  /** Which statement: since when it waits. */
  readonly since: number;
  nextLook: number;
  patience: number;
  idle: number;
  traffic: number;
}

export interface HangWatchEvents {
  /** A look has found connections hung, which are given up next. */
  foundHung(): void;
  /** The server has answered. */
  answered(): void;
}

/**
 * Finds connections that hang: a statement was sent, and nobody works on it any more. That happens when the server or the
 * network went away without a word (no RST): TCP itself would wait for minutes, and a slow statement looks the same from here.
 * So the server is asked on a new connection, which is where a failover leads to as well, what its session is at:
 *
 * - the server cannot be reached, or knows no such session: the connection is given up, with the error CONNECTION_HUNG;
 * - the session is idle, three times in a row, and no byte has come or gone: likewise, if the statement is not so large that it
 *   may still be on its way;
 * - the same once, when others that were open at the time have been found hung;
 * - it is at work (a long statement, a lock that is waited for): it is left alone, up to the transaction's own deadline.
 *
 * stopped → running by `start`; running → stopped by itself when nothing is in use, or by `stop`.
 */
export class HangWatch {
  readonly #used: ReadonlySet<PooledConnection>;
  readonly #connections: Connections;
  readonly #events: HangWatchEvents;
  readonly #suspects = new WeakMap<PooledConnection, Suspect>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  /** When connections were last found hung: others of that time have probably lost the same server. */
  #lostAt = 0;
  readonly #stopping = new AbortController();

  constructor(used: ReadonlySet<PooledConnection>, connections: Connections, events: HangWatchEvents) {
    this.#used = used;
    this.#connections = connections;
    this.#events = events;
  }

  start(): void {
    if (!this.#stopping.signal.aborted) this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    this.#stopping.abort();
    this.#pause();
  }

  #pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#used.size === 0) return this.#pause();
    if (this.#looking) return;
    const now = performance.now();
    const due = [...this.#used].filter((one) => this.#isDue(one, now));
    if (due.length === 0) return;
    this.#looking = true;
    void this.#look(due).finally(() => (this.#looking = false));
  }

  #isDue(one: PooledConnection, now: number): boolean {
    const since = one.busySince;
    if (since === undefined) return false;
    const first = since + PATIENCE_MS;
    // What one of them does on the server often waits for the locks of another one, whose end lets it hang in its turn.
    if (one.born <= this.#lostAt) return now >= first;
    return now >= (this.#suspectOf(one, since)?.nextLook ?? first);
  }

  /** What is known of the statement that waits since then. */
  #suspectOf(one: PooledConnection, since: number): Suspect | undefined {
    const known = this.#suspects.get(one);
    return known?.since === since ? known : undefined;
  }

  async #look(due: readonly PooledConnection[]): Promise<void> {
    const asked = due.map((one) => ({ one, since: one.busySince }));
    const sessions = await this.#sessions(due);
    if (sessions === "unknown" || this.#stopping.signal.aborted) return;
    const hung = asked.filter(({ one, since }) => {
      // Meanwhile answered: all is well.
      if (since === undefined || one.busySince !== since) return false;
      return sessions === "unreachable" || this.#hangs(one, since, sessions.get(one.session.id));
    });
    if (hung.length === 0) return;
    this.#lostAt = performance.now();
    this.#events.foundHung();
    for (const { one } of hung) one.giveUp(hungError(one));
  }

  #hangs(one: PooledConnection, since: number, state: SessionState | undefined): boolean {
    if (state === undefined) return true;
    const now = performance.now();
    const fresh = { since, nextLook: now, patience: PATIENCE_MS, idle: 0, traffic: one.traffic };
    const suspect = this.#suspectOf(one, since) ?? fresh;
    this.#suspects.set(one, suspect);
    const arrived = since + PATIENCE_MS + one.statementBytes / SLOWEST_BYTES_PER_MS;
    if (state === "idle" && now < arrived) {
      suspect.nextLook = arrived;
      return false;
    }
    const quiet = suspect.traffic === one.traffic;
    suspect.traffic = one.traffic;
    suspect.idle = state === "idle" && quiet ? suspect.idle + 1 : 0;
    suspect.nextLook = now + (suspect.idle > 0 ? TICK_MS : suspect.patience);
    if (suspect.idle === 0) suspect.patience = Math.min(suspect.patience * 2, LONGEST_PATIENCE_MS);
    return suspect.idle >= (one.born <= this.#lostAt ? 1 : IDLE_LOOKS);
  }

  /** What the server says of these sessions; unknown: it could be asked no question, for another reason than its absence. */
  async #sessions(
    due: readonly PooledConnection[],
  ): Promise<ReadonlyMap<number, SessionState> | "unreachable" | "unknown"> {
    let connection: Connection | undefined;
    try {
      const { signal } = this.#stopping;
      connection = await this.#connections.open({ signal });
      const names = due.map(({ session }) => session);
      const states = await within(QUESTION_MS, statesOf(connection, names), { signal });
      this.#events.answered();
      return states;
    } catch (error) {
      return isUnreachable(databaseError(error)) ? "unreachable" : "unknown";
    } finally {
      if (connection !== undefined) cut(connection);
    }
  }
}

function hungError({ session: { id } }: PooledConnection): Error {
  const message = `nobody works on the statement of connection ${id} any more: it was given up`;
  return Object.assign(new Error(message), { code: "CONNECTION_HUNG" });
}
