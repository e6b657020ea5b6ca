import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { VARIABLES } from "../../../src/config.ts";
import { CONNECTIONS_PER_POD } from "../../sim/assumptions.ts";
import { SHIPPED } from "../../sim/choices.ts";
import type { HpaSpec, ScalingPolicy, ScalingRules, Target } from "../../sim/hpa.ts";

const FOLDER = join(import.meta.dirname, "../../../k8s/components/hpa");
const METRICS = {
  "pubsub.googleapis.com|subscription|num_undelivered_messages": "backlog",
  "pubsub.googleapis.com|subscription|oldest_unacked_message_age": "age",
} as const;

/** What the manifest holds, as far as the simulation knows it. */
interface Manifest {
  readonly kind: string;
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly Metric[];
    readonly behavior: Record<"scaleUp" | "scaleDown", ScalingRules & { readonly selectPolicy?: string }>;
  };
}

interface Metric {
  readonly type: string;
  readonly external?: { readonly metric: { readonly name: string }; readonly target: Wanted };
  readonly containerResource?: { readonly name: string; readonly container: string; readonly target: Wanted };
}

interface Wanted {
  readonly type: string;
  readonly averageValue: number | string;
}

function manifests(): readonly Manifest[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".yaml"));
  const documents = files.flatMap((name) => parseAllDocuments(readFileSync(join(FOLDER, name), "utf8")));
  return documents
    .map((document) => document.toJS() as Manifest)
    .filter(({ kind }) => kind === "HorizontalPodAutoscaler");
}

/** A quantity of Kubernetes, of those that the manifests use: a number, or thousandths (`500m`). */
function quantity(text: number | string): number {
  const [, digits, milli] = /^(\d+)(m?)$/.exec(String(text)) ?? [];
  assert(digits !== undefined, `${text} is no quantity that this test knows`);
  return milli === "m" ? Number(digits) / 1_000 : Number(digits);
}

function target({ type, external, containerResource }: Metric): Target {
  const wanted = external?.target ?? containerResource?.target;
  assert.equal(wanted?.type, "AverageValue");
  const value = quantity(wanted.averageValue);
  if (external === undefined) {
    assert.equal(type, "ContainerResource");
    assert.deepEqual([containerResource?.name, containerResource?.container], ["cpu", "worker"]);
    return { kind: "cpu", target: value };
  }
  const metric = Object.entries(METRICS).find(([name]) => name === external.metric.name)?.[1];
  assert(metric !== undefined, `the simulation does not know ${external.metric.name}`);
  return { kind: "average", metric, target: value };
}

function rules({
  stabilizationWindowSeconds,
  policies,
  selectPolicy = "Max",
}: Manifest["spec"]["behavior"]["scaleUp"]): ScalingRules {
  assert.equal(selectPolicy, "Max");
  const plain = policies.map(
    ({ type, value, periodSeconds }): ScalingPolicy => ({ type, value, periodSeconds }),
  );
  return { stabilizationWindowSeconds, policies: plain };
}

test("the targets, bounds and behaviour of k8s/components/hpa are those that the simulation calls shipped", () => {
  const [manifest, ...others] = manifests();
  assert(manifest !== undefined && others.length === 0, "there is one HorizontalPodAutoscaler");
  const { minReplicas, maxReplicas, metrics, behavior } = manifest.spec;
  const found: HpaSpec = {
    minReplicas,
    maxReplicas,
    targets: metrics.map(target),
    scaleUp: rules(behavior.scaleUp),
    scaleDown: rules(behavior.scaleDown),
  };
  assert.deepEqual(found, SHIPPED);
});

test("a worker pod has the connections that the simulation counts: lanes, three of the worker's own, those of the sidecar", () => {
  const fallback = (name: "LANES" | "HTTP_CONNECTIONS") => Number(VARIABLES[name].parse(undefined));
  assert.equal(CONNECTIONS_PER_POD, fallback("LANES") + 3 + fallback("HTTP_CONNECTIONS"));
});
