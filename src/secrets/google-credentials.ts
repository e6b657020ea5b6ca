import type { AuthClient } from "google-auth-library";

/** Asking Google, or whoever lends us an identity, takes so many ms at the most. */
export const ASKING_MS = 10_000;

/**
 * Google's application default credentials for one scope. They are cached and renewed before they expire by the library.
 * Rejects with a phrase that says what is missing. May be called again: what was not there may be there now, as a pod's
 * metadata server is a few seconds after its start.
 */
export async function openCredentials(scope: string): Promise<AuthClient> {
  const { GoogleAuth, gcpMetadata } = await import("google-auth-library");
  try {
    // Nobody asks it for the project; not told one, it starts gcloud to find out, which takes seconds.
    return await new GoogleAuth({ scopes: [scope], projectId: "unused" }).getClient();
  } catch (error) {
    gcpMetadata.resetIsAvailableCache();
    throw new Error(`${NO_CREDENTIALS} (${wordsOf(error)})`);
  }
}

const NO_CREDENTIALS =
  "there are no Google credentials that work here; on Google Cloud give the workload a service account " +
  "(GKE: Workload Identity Federation), elsewhere set GOOGLE_APPLICATION_CREDENTIALS";

/** The first line of what a library says. Node.js quotes what is no JSON, which may be a key's file. */
export function wordsOf(error: unknown): string {
  if (error instanceof SyntaxError) return "the file is not JSON";
  return ((error as Error).message.split("\n")[0] ?? "").slice(0, 300);
}

/** `work`, or a rejection after {@link ASKING_MS}. */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`there was no answer within ${ASKING_MS} ms`)),
    ASKING_MS,
  );
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
