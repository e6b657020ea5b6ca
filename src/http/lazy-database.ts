import type { Store } from "../store/store.ts";
import { databaseError } from "../store/trouble.ts";
import type { Database } from "./parts.ts";
import { HttpProblem } from "./problem.ts";

/** How long a failed opening is not tried again: those who ask meanwhile get the same answer at once. */
const PAUSE_MS = 1_000;

/** The database, opened when somebody first asks for it and, when that failed, when somebody asks again. */
export class LazyDatabase implements Database, AsyncDisposable {
  readonly configured: boolean;
  readonly #open: (() => Promise<Store>) | undefined;
  #store: Promise<Store> | undefined;

  /** Without `open` there is no database. */
  constructor(open: (() => Promise<Store>) | undefined) {
    this.#open = open;
    this.configured = open !== undefined;
  }

  store(): Promise<Store> {
    const open = this.#open;
    if (open === undefined) return Promise.reject(new HttpProblem("no_database", NO_DATABASE));
    this.#store ??= open().catch((cause: unknown) => {
      setTimeout(() => (this.#store = undefined), PAUSE_MS).unref();
      throw unavailable(cause);
    });
    return this.#store;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const store = await this.#store?.catch(() => undefined);
    await store?.close();
  }
}

const NO_DATABASE =
  "This sidecar only publishes: no database is configured, so it knows neither receipts nor rows (set INSTANCE_HOST or INSTANCE_UNIX_SOCKET).";

/** What the database said stays in the log. */
export function unavailable(cause: unknown): HttpProblem {
  const { errno } = databaseError(cause);
  const detail = `The database does not answer${errno === undefined ? "" : ` (errno ${errno})`}; try again in a moment.`;
  return new HttpProblem("database_unavailable", detail, { headers: { "retry-after": "2" }, cause });
}
