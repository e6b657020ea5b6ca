import { TOLERANCE } from "./assumptions.ts";

/** What an HPA can see of the fleet; the ages of these values are the simulation's concern. */
export interface Seen {
  /** num_undelivered_messages of the subscription. */
  readonly backlog: number;
  /** oldest_unacked_message_age of the subscription, in seconds. */
  readonly age: number;
  /** CPU of each ready worker, in cores, on average. */
  readonly cpu: number;
  readonly ready: number;
}

/**
 * One metric of an HPA. `average`: External with AverageValue. `value`: External with Value. `cpu`: ContainerResource with
 * AverageValue, in cores.
 */
export type Target =
  | { readonly kind: "average" | "value"; readonly metric: "backlog" | "age"; readonly target: number }
  | { readonly kind: "cpu"; readonly target: number };

export interface ScalingPolicy {
  readonly type: "Pods" | "Percent";
  readonly value: number;
  readonly periodSeconds: number;
}

export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  /** The one that allows the largest change counts (selectPolicy Max). */
  readonly policies: readonly ScalingPolicy[];
}

export interface HpaSpec {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly targets: readonly Target[];
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** What happens without `behavior`. Source: Kubernetes "Horizontal Pod Autoscaling", "Default Behavior". */
export const DEFAULT_BEHAVIOR: Pick<HpaSpec, "scaleUp" | "scaleDown"> = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    policies: [
      { type: "Percent", value: 100, periodSeconds: 15 },
      { type: "Pods", value: 4, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
  },
};

/**
 * Replicas that one metric asks for: ceil(replicas × value ÷ target), or the current ones if the ratio is within the tolerance.
 * Source: Kubernetes "Horizontal Pod Autoscaling", "Algorithm details". Its code takes for "replicas" those that are ready.
 */
export function asked(target: Target, seen: Seen, current: number): number {
  switch (target.kind) {
    case "average":
      // Each replica's share of the value is what counts, and the replicas cancel out.
      return rounded(seen[target.metric] / (target.target * current), current, current);
    case "value":
      return rounded(seen[target.metric] / target.target, seen.ready, current);
    case "cpu": {
      const ratio = seen.cpu / target.target;
      if (ratio <= 1 + TOLERANCE) return rounded(ratio, seen.ready, current);
      // Replicas that are not ready yet count as using nothing, which may leave nothing to do.
      return Math.max(current, rounded((ratio * seen.ready) / current, current, current));
    }
    default:
      return target satisfies never;
  }
}

function rounded(ratio: number, replicas: number, current: number): number {
  return Math.abs(1 - ratio) <= TOLERANCE ? current : Math.ceil(ratio * replicas);
}

interface Change {
  readonly at: number;
  readonly by: number;
}

/** One HPA: give it what is seen every sync period, in order; it answers with the replicas. */
export class Hpa {
  readonly spec: HpaSpec;
  #recommended: { at: number; replicas: number }[] = [];
  #changes: Change[] = [];

  constructor(spec: HpaSpec) {
    this.spec = spec;
  }

  /** Replicas from `at` on, in seconds: the largest that a metric asks for, stabilized, then held within policies and bounds. */
  sync(at: number, seen: Seen, current: number): number {
    const most = Math.max(...this.spec.targets.map((target) => asked(target, seen, current)));
    const stable = this.#stabilized(at, most, current);
    const next = this.#limited(at, stable, current);
    if (next !== current) this.#changes.push({ at, by: next - current });
    return next;
  }

  /** Up to the lowest wish of the window up, down to the highest of the window down. */
  #stabilized(at: number, wish: number, current: number): number {
    const { scaleUp, scaleDown } = this.spec;
    this.#recommended.push({ at, replicas: wish });
    const within = (seconds: number) =>
      this.#recommended.filter((one) => one.at > at - seconds).map((one) => one.replicas);
    const up = Math.min(wish, ...within(scaleUp.stabilizationWindowSeconds));
    const down = Math.max(wish, ...within(scaleDown.stabilizationWindowSeconds));
    const keep = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
    this.#recommended = this.#recommended.filter((one) => one.at > at - keep);
    return Math.min(Math.max(current, up), down);
  }

  #limited(at: number, wish: number, current: number): number {
    const { minReplicas, maxReplicas, scaleUp, scaleDown } = this.spec;
    const limit = (policy: ScalingPolicy, sign: 1 | -1): number => {
      const start = current - this.#changedSince(at - policy.periodSeconds);
      if (policy.type === "Pods") return start + sign * policy.value;
      const scaled = (start * (100 + sign * policy.value)) / 100;
      return sign === 1 ? Math.ceil(scaled) : Math.floor(scaled);
    };
    if (wish > current) {
      const highest = Math.max(current, ...scaleUp.policies.map((policy) => limit(policy, 1)));
      return Math.min(wish, highest, Math.max(maxReplicas, minReplicas));
    }
    const lowest = Math.min(current, ...scaleDown.policies.map((policy) => limit(policy, -1)));
    return Math.max(wish, lowest, minReplicas);
  }

  #changedSince(from: number): number {
    return this.#changes.filter((change) => change.at > from).reduce((sum, change) => sum + change.by, 0);
  }
}
