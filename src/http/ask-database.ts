import type { Store } from "../store/store.ts";
import { classify } from "../store/trouble.ts";
import { unavailable } from "./lazy-database.ts";
import type { Database } from "./parts.ts";
import { HttpProblem } from "./problem.ts";

/**
 * Asks the database. Rejects with an {@link HttpProblem}: `no_database`, or `database_unavailable` when what went wrong is
 * no fault of the question; any other error comes as the driver threw it.
 */
export async function askDatabase<T>(database: Database, ask: (store: Store) => Promise<T>): Promise<T> {
  const store = await database.store();
  try {
    return await ask(store);
  } catch (error) {
    if (error instanceof HttpProblem) throw error;
    const trouble = classify(error);
    throw trouble === "transient" || trouble === "environment" ? unavailable(error) : error;
  }
}
