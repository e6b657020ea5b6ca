import { SECRET_UNAVAILABLE } from "../secrets/secret.ts";
import type { Store } from "../store/store.ts";
import { databaseError, isDisconnected } from "../store/trouble.ts";
import type { Registry } from "../tables/definition.ts";
import { addressText, type CliContext, CliError, databaseOptions } from "./context.ts";

/** The tables that commands know; loaded when a command runs, since that takes longer than all the rest of a start. */
export type Tables = () => Promise<Registry>;

/** The shipped tables: every file of `src/tables/definitions/`. */
export const shippedTables: Tables = async () => (await import("../tables/registry.ts")).registry;

/**
 * Opens the configured database for one command, and closes it. What the database refuses becomes one clear sentence, and so
 * does its loss in the middle of the command.
 */
export async function withStore<T>(
  context: CliContext,
  tables: Tables,
  poolSize: number,
  work: (store: Store, registry: Registry) => Promise<T>,
): Promise<T> {
  const database = databaseOptions(context.config());
  const where = `database ${database.name} at ${addressText(database.address)}`;
  const registry = await tables();
  const { openStore } = await import("../store/open-store.ts");
  await using store = await openStore(database, registry, poolSize).catch((error: unknown) => {
    throw new CliError(`cannot open the ${where}: ${databaseError(error).message}`, 1, { cause: error });
  });
  try {
    return await work(store, registry);
  } catch (error) {
    throw clear(error, where);
  }
}

/** Only what came from the database: everything else is thrown on as it is. */
function clear(error: unknown, where: string): unknown {
  if (error instanceof CliError) return error;
  const { errno, code, message } = databaseError(error);
  if (code === SECRET_UNAVAILABLE) return new CliError(message, 1, { cause: error });
  if (errno !== undefined) return refused(where, errno, message, error);
  if (!isDisconnected(error)) return error;
  const lost = `lost the ${where}, run the command again when it is back: ${message}`;
  return new CliError(lost, 1, { cause: error });
}

function refused(where: string, errno: number, message: string, cause: unknown): CliError {
  const advice =
    errno === NO_SUCH_TABLE || errno === NO_SUCH_COLUMN ? "; `rowpost migrate up` brings it up to date" : "";
  return new CliError(`the ${where} refused: ${message}${advice}`, 1, { cause });
}

const NO_SUCH_TABLE = 1146;
const NO_SUCH_COLUMN = 1054;
