import { pendingMigrations } from "../store/migration-status.ts";
import { NEWER_SCHEMA, refuseNewerSchema } from "../store/newer-schema.ts";
import type { Store } from "../store/store.ts";
import { databaseError } from "../store/trouble.ts";
import type { Reason } from "./gate.ts";

/**
 * Whether the database can take a batch now: it answers, its migrations have run and none that this version cannot live with,
 * and it lets us write (a replica, or a primary after a failover, does not). Changes nothing; never throws.
 */
export async function probe(store: Store): Promise<Reason | undefined> {
  try {
    const pending = await pendingMigrations(store);
    if (pending.length > 0) return migrationsPending(pending);
    await refuseNewerSchema(store);
    await store.transaction((tx) => tx.run("UPDATE receipts SET rows_changed=rows_changed WHERE id=0"));
    return undefined;
  } catch (error) {
    return databaseReason(error);
  }
}

/** What a password, certificate or token that cannot be had is called by those who hand it in. */
const SECRET_UNAVAILABLE = "SECRET_UNAVAILABLE";

/** Trouble with the database as a reason; never holds SQL or data. */
export function databaseReason(error: unknown): Reason {
  const { message, errno, code } = databaseError(error);
  if (code === NEWER_SCHEMA) return { code: "migrations", message };
  if (code === SECRET_UNAVAILABLE) return { code: "secrets", message };
  const known = errno === undefined ? code : `${code ?? "errno"} ${errno}`;
  return {
    code: "database",
    message: known === undefined || message.includes(known) ? message : `${message} (${known})`,
  };
}

function migrationsPending(pending: readonly string[]): Reason {
  const names = pending.join(", ");
  return { code: "migrations", message: `migrations are pending: ${names}; run \`rowpost migrate up\`` };
}
