import { DEFAULT_BEHAVIOR, type HpaSpec, type Target } from "./hpa.ts";

/**
 * The HPA of k8s/components/hpa, with its reasons there; test/unit/sim/shipped.test.ts holds the two together. KEDA's component
 * makes the same one.
 */
export const SHIPPED: HpaSpec = {
  minReplicas: 2,
  maxReplicas: 6,
  targets: [
    { kind: "average", metric: "backlog", target: 300_000 },
    { kind: "average", metric: "age", target: 30 },
    { kind: "cpu", target: 0.5 },
  ],
  scaleUp: {
    stabilizationWindowSeconds: 0,
    policies: [{ type: "Pods", value: 2, periodSeconds: 60 }],
  },
  scaleDown: {
    stabilizationWindowSeconds: 600,
    policies: [{ type: "Pods", value: 1, periodSeconds: 120 }],
  },
};

/** An HPA to compare, and what it is. */
export interface Choice {
  readonly title: string;
  readonly spec: HpaSpec;
}

const { targets } = SHIPPED;
const average = (metric: "backlog" | "age", target: number): Target => ({ kind: "average", metric, target });

/** For all scenarios. The first four ask how to measure, then how fast to act, then what standing still costs. */
export const CHOICES = {
  shipped: { title: "shipped", spec: SHIPPED },
  withoutCpu: {
    title: "shipped, without CPU",
    spec: { ...SHIPPED, targets: targets.filter(({ kind }) => kind !== "cpu") },
  },
  cpu: { title: "CPU alone", spec: { ...SHIPPED, targets: targets.filter(({ kind }) => kind === "cpu") } },
  backlog: {
    title: "backlog alone, 300,000 each",
    spec: { ...SHIPPED, targets: [average("backlog", 300_000)] },
  },
  defaults: { title: "shipped metrics, default behaviour", spec: { ...SHIPPED, ...DEFAULT_BEHAVIOR } },
  small: {
    title: "backlog alone, 5,000 each, default behaviour",
    spec: { ...SHIPPED, ...DEFAULT_BEHAVIOR, targets: [average("backlog", 5_000)] },
  },
  value: {
    title: "age alone, 30 s as Value, default behaviour",
    spec: { ...SHIPPED, ...DEFAULT_BEHAVIOR, targets: [{ kind: "value", metric: "age", target: 30 }] },
  },
  two: { title: "always 2", spec: { ...SHIPPED, maxReplicas: 2 } },
  six: { title: "always 6", spec: { ...SHIPPED, minReplicas: 6 } },
} as const satisfies Record<string, Choice>;

/** For the outages: the shipped one, with other maxima. */
export const MAXIMA = [2, 3, 4, 6, 10, 20, 100].map(
  (maxReplicas): Choice => ({ title: `shipped, up to ${maxReplicas}`, spec: { ...SHIPPED, maxReplicas } }),
);
