import type { sendUnaryData, ServerUnaryCall, UntypedServiceImplementation } from "@grpc/grpc-js";
import type { PageRequest } from "./page.ts";
import { pullOnce, type PullRequest } from "./pull-once.ts";
import type { Resources } from "./resources.ts";
import { acknowledgeAll, failureOf, modifyAll, type SettledIds } from "./settle.ts";
import { notHere, type SubscriptionSettings } from "./settings.ts";
import { invalid } from "./status-error.ts";
import { openStream, type StreamCall } from "./stream.ts";
import {
  createSubscription,
  deleteSubscription,
  describeSubscription,
  listSubscriptions,
  pullableSubscription,
  type Seek,
  seekSubscription,
  updateSubscription,
  type UpdateSubscription,
} from "./subscription-admin.ts";
import { failure, unary } from "./unary.ts";

const MAX_DEADLINE_S = 600;

/** google.pubsub.v1.Subscriber; `dropConnection` ends the connection of a client abruptly. */
export function subscriberService(
  resources: Resources,
  dropConnection: (peer: string) => void,
): UntypedServiceImplementation {
  const { faults, deadlines } = resources;
  const subscriptionOf = (name: string) => pullableSubscription(resources, name);
  const settling = { call: "acknowledge", faults } as const;
  return {
    ...administration(resources),
    Acknowledge: unary((request: Acks) => acknowledge(resources, request), settling),
    ModifyAckDeadline: unary((request: ModifyAcks) => modify(resources, request), settling),
    Pull: (call: ServerUnaryCall<PullRequest, Buffer>, respond: sendUnaryData<Buffer>) => {
      try {
        pullOnce(call, respond, {
          subscription: subscriptionOf(call.request.subscription),
          faults,
          deadlines,
        });
      } catch (error) {
        respond(failure(error));
      }
    },
    StreamingPull: (call: StreamCall) =>
      openStream(call, { faults, deadlines, dropConnection, subscriptionOf }),
  };
}

function administration(resources: Resources): UntypedServiceImplementation {
  return {
    CreateSubscription: unary((given: SubscriptionSettings) => createSubscription(resources, given)),
    GetSubscription: unary(({ subscription }: Named) =>
      describeSubscription(resources, resources.subscription(subscription)),
    ),
    UpdateSubscription: unary((request: UpdateSubscription) => updateSubscription(resources, request)),
    ListSubscriptions: unary((request: { project: string } & PageRequest) =>
      listSubscriptions(resources, request),
    ),
    DeleteSubscription: unary(({ subscription }: Named) => deleteSubscription(resources, subscription)),
    Seek: unary((request: Seek) => seekSubscription(resources, request)),
    ModifyPushConfig: unary(() => {
      throw notHere("push subscriptions");
    }),
  };
}

interface Named {
  readonly subscription: string;
}

interface Acks extends Named {
  readonly ackIds: readonly string[];
}

interface ModifyAcks extends Acks {
  readonly ackDeadlineSeconds: number;
}

function acknowledge(resources: Resources, { subscription, ackIds }: Acks): object {
  if (ackIds.length === 0) throw invalid("No ack ids specified.");
  return answer(acknowledgeAll(resources.subscription(subscription), ackIds));
}

function modify(resources: Resources, { subscription, ackIds, ackDeadlineSeconds }: ModifyAcks): object {
  if (ackIds.length === 0) throw invalid("No ack ids specified.");
  if (ackDeadlineSeconds < 0 || ackDeadlineSeconds > MAX_DEADLINE_S)
    throw invalid(`ack_deadline_seconds must be from 0 to ${MAX_DEADLINE_S} and is ${ackDeadlineSeconds}.`);
  const all = new Array<number>(ackIds.length).fill(ackDeadlineSeconds);
  return answer(modifyAll(resources.subscription(subscription), ackIds, all));
}

function answer(settled: SettledIds): object {
  const error = failureOf(settled);
  if (error !== undefined) throw error;
  return {};
}
