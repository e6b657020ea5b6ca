import type { Policy } from "@google-cloud/pubsub";
import { ADMIN_CALL } from "./admin-call.ts";
import type { PubSubClient } from "./client.ts";
import type { Grant } from "./dead-letter-grants.ts";

/** What is asked of Google's access management. Policies: every call rejects with the client's own error. */
export interface Iam {
  policyOf(on: Grant): Promise<Policy>;
  /** Rejects with ABORTED when the policy is no longer the one with this `etag`. */
  setPolicy(on: Grant, policy: Policy): Promise<void>;
  /** The number of a project, as text of digits, or why it can't be read, in the words of the service; never rejects. */
  projectNumber(project: string): Promise<{ readonly number: string } | { readonly unknown: string }>;
}

const PROJECTS = "https://cloudresourcemanager.googleapis.com/v3/projects";

/** The access management of the client's Pub/Sub, and the Resource Manager for the project's number. */
export function iamOf({ api }: PubSubClient): Iam {
  const iam = ({ kind, name }: Grant) =>
    kind === "topic" ? api.topic(name).iam : api.subscription(name).iam;
  return {
    async policyOf(on) {
      const [policy] = await iam(on).getPolicy(ADMIN_CALL);
      return policy;
    },
    async setPolicy(on, policy) {
      await iam(on).setPolicy(policy, ADMIN_CALL);
    },
    async projectNumber(project) {
      try {
        const url = `${PROJECTS}/${encodeURIComponent(project)}`;
        const { data } = await api.auth.request<{ name?: string }>({ url, timeout: 15_000 });
        const number = /^projects\/(\d+)$/.exec(data.name ?? "")?.[1];
        return number === undefined ? { unknown: `it is named ${data.name}` } : { number };
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        return { unknown: said.replace(/\s+/g, " ").slice(0, 300) };
      }
    },
  };
}
