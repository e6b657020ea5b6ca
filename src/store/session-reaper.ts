import { type Connections, cut, within } from "./open-connection.ts";
import { killSessions, type SessionName } from "./session.ts";

/** What one try may take. */
const TRY_MS = 3_000;

/** A try that is older than this when the server is heard of hangs: it is given up for another one. */
const HANGS_MS = 1_000;

/** What the last try may take, when the pool ends. */
const LAST_TRY_MS = 500;

/** Sessions that are remembered at the most; beyond that the oldest are left to the server's own time-outs. */
const MOST = 1_000;

/**
 * Ends the sessions of connections that were cut off. The server need not know that they were: without this it would keep
 * their locks for as long as a silent connection lives there (hours), and every retry would wait for them.
 *
 * A session is owed from `owe` until a try has ended it or found it gone. A try that fails leaves all owed; `again` starts
 * the next, when the server has been heard of.
 */
export class SessionReaper {
  readonly #connections: Connections;
  readonly #owed = new Set<SessionName>();
  readonly #stopping = new AbortController();
  #trying: Promise<void> | undefined;
  /** The last try, and when it began. */
  #current = new AbortController();
  #began = 0;
  /** Since it began. */
  #heard = false;

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  owe(session: SessionName): void {
    const [oldest] = this.#owed;
    if (oldest !== undefined && this.#owed.size >= MOST) this.#owed.delete(oldest);
    this.#owed.add(session);
    this.again();
  }

  /** The server has been heard of: what is owed is tried again, also when a try is under way, which may hang at the one before. */
  again(): void {
    if (this.#owed.size === 0 || this.#stopping.signal.aborted) return;
    this.#heard = true;
    if (performance.now() - this.#began > HANGS_MS) this.#current.abort();
    this.#trying ??= this.#try().finally(() => {
      this.#trying = undefined;
      if (this.#heard) this.again();
    });
  }

  /** Resolves when no try is under way, which may take a moment, and makes no more. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), LAST_TRY_MS);
    await this.#trying;
    clearTimeout(timer);
    this.#stopping.abort();
  }

  /** Never rejects. */
  async #try(): Promise<void> {
    while (this.#owed.size > 0 && this.#heard) {
      this.#heard = false;
      this.#current = new AbortController();
      this.#began = performance.now();
      const sessions = [...this.#owed];
      try {
        await this.#kill(sessions);
        for (const one of sessions) this.#owed.delete(one);
      } catch {
        // They stay owed.
      }
    }
    this.#heard = false;
  }

  async #kill(sessions: readonly SessionName[]): Promise<void> {
    const signal = AbortSignal.any([this.#stopping.signal, this.#current.signal]);
    const connection = await this.#connections.open({ timeoutMs: TRY_MS, signal });
    try {
      await within(TRY_MS, killSessions(connection, sessions), { signal });
    } finally {
      cut(connection);
    }
  }
}
