import type { CloudSqlAddress } from "./database-options.ts";
import type { Way } from "./way.ts";
import { adminFault } from "./way-cloud-sql-fault.ts";
import { type CloudSqlInstance, networksOf, openInstance } from "./way-cloud-sql-instance.ts";

/** Asking for the instance, with all the connector's retries, takes this long at the most. */
const ASKING_MS = 20_000;

/**
 * The way to an instance of Cloud SQL through Google's connector. The instance is asked for by the first connection, and
 * again by the next one as long as that fails; once it is known, it stays so, whatever becomes of the API.
 */
export function openCloudSql(address: CloudSqlAddress, askingMs = ASKING_MS): Way {
  let known: Promise<CloudSqlInstance> | undefined;
  const ask = (): Promise<CloudSqlInstance> => {
    const asking = openInTime(address, askingMs);
    known = asking;
    asking.catch(() => {
      if (known === asking) known = undefined;
    });
    return asking;
  };
  return {
    options: async () => {
      const instance = await (known ?? ask());
      return { stream: () => instance.connect() };
    },
    async [Symbol.asyncDispose]() {
      closeWhenOpen(known);
    },
  };
}

async function openInTime(address: CloudSqlAddress, ms: number): Promise<CloudSqlInstance> {
  const opening = openInstance(address);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(Object.assign(new Error("late"), { code: "ETIMEDOUT" })), ms);
  try {
    return await Promise.race([opening, late.promise]);
  } catch (error) {
    closeWhenOpen(opening);
    throw adminFault(error, address, await networksOf(address, error));
  } finally {
    clearTimeout(timer);
  }
}

/** To close what is not open yet would be a rejection that nobody hears if it then fails. */
function closeWhenOpen(opening: Promise<CloudSqlInstance> | undefined): void {
  opening?.then(
    (instance) => instance.close(),
    () => {},
  );
}
