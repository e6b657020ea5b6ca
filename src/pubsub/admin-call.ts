import { boundedRetry } from "./bounded-retry.ts";
import { PubSubError, type Resource, statusOf } from "./trouble.ts";

/** Options for one call that looks after a topic or subscription: 15 s, tries included. */
export const ADMIN_CALL = boundedRetry(15_000);

/** What the call gives; rejects with a PubSubError. */
export async function attempt<T>(resource: Resource, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new PubSubError(resource, error);
  }
}

/** What the call gives, or undefined when the resource does not exist; rejects with a PubSubError. */
export async function attemptToFind<T>(resource: Resource, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (statusOf(error) === "NOT_FOUND") {
      return undefined;
    }
    throw new PubSubError(resource, error);
  }
}

/** True when the call made the resource, false when another one was faster; rejects with a PubSubError. */
export async function attemptToCreate(resource: Resource, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (statusOf(error) === "ALREADY_EXISTS") {
      return false;
    }
    throw new PubSubError(resource, error);
  }
}
