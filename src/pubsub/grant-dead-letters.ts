import type { Policy } from "@google-cloud/pubsub";
import type { PubSubClient } from "./client.ts";
import { agentProject, deadLetterGrants, type Grant, serviceAgent } from "./dead-letter-grants.ts";
import { type Iam, iamOf } from "./iam.ts";
import type { TopologyChange, TopologyConfig } from "./topology.ts";
import { explain, nameOf, statusOf } from "./trouble.ts";

/** What became of the grants of the dead-letter policy. */
export type Granted =
  | { readonly kind: "granted"; readonly changes: readonly TopologyChange[] }
  /** There is no access management: an emulator. */
  | { readonly kind: "no-iam" }
  /** Some could not be made; `reason` is one sentence. */
  | { readonly kind: "refused"; readonly changes: readonly TopologyChange[]; readonly reason: string };

/** Somebody else may change a policy between our reading and our writing; then it is read again. */
const TRIES = 5;

/**
 * Gives Pub/Sub's service agent its two rights on the dead-letter topic and the subscription, which must exist. Other
 * members stay. Running it again changes nothing. Expected refusals are values; nothing is thrown.
 */
export async function grantDeadLetters(
  client: PubSubClient,
  config: Pick<TopologyConfig, "subscription" | "backstopTopic">,
  iam: Iam = iamOf(client),
): Promise<Granted> {
  const changes: TopologyChange[] = [];
  const project = agentProject(client, config);
  let member: string | undefined;
  for (const grant of deadLetterGrants(client, config)) {
    try {
      // Read first: an emulator has no policies, and then nobody asks for a project's number.
      const policy = await iam.policyOf(grant);
      if (member === undefined) {
        const found = await iam.projectNumber(project);
        if ("unknown" in found)
          return { kind: "refused", changes, reason: numberUnknown(project, found.unknown) };
        member = serviceAgent(found.number);
      }
      changes.push(await give(client, iam, { grant, member, policy }));
    } catch (error) {
      if (statusOf(error) === "UNIMPLEMENTED") return { kind: "no-iam" };
      const { address } = client;
      const reason = explain(error, { ...grant, project, address, purpose: "grant rights on" });
      return { kind: "refused", changes, reason };
    }
  }
  return { kind: "granted", changes };
}

function numberUnknown(project: string, why: string): string {
  const api = "cloudresourcemanager.googleapis.com";
  return `the number of project "${project}" is needed and cannot be read (${why}): enable ${api} there, or run the commands`;
}

interface Given {
  readonly grant: Grant;
  readonly member: string;
  /** As it was read last. */
  readonly policy: Policy;
}

async function give(client: PubSubClient, iam: Iam, given: Given): Promise<TopologyChange> {
  const { grant, member } = given;
  const resource = nameOf({ ...grant, project: client.project });
  const detail = `${grant.role} for ${member}`;
  let { policy } = given;
  for (let tries = 1; ; tries++) {
    const wanted = withMember(policy, grant.role, member);
    if (wanted === policy) return { resource, action: "unchanged", detail };
    try {
      await iam.setPolicy(grant, wanted);
      return { resource, action: "updated", detail };
    } catch (error) {
      if (statusOf(error) !== "ABORTED" || tries === TRIES) throw error;
    }
    policy = await iam.policyOf(grant);
  }
}

/** The policy with the member in the role, without a condition; the same object when it is there already. */
export function withMember(policy: Policy, role: string, member: string): Policy {
  const bindings = policy.bindings ?? [];
  const index = bindings.findIndex((binding) => binding.role === role && !binding.condition);
  const found = bindings[index];
  if (found === undefined) return { ...policy, bindings: [...bindings, { role, members: [member] }] };
  if (found.members?.includes(member)) return policy;
  const grown = { ...found, members: [...(found.members ?? []), member] };
  return { ...policy, bindings: bindings.with(index, grown) };
}
