import { parse } from "yaml";
import { SPARE_CONNECTIONS } from "../../src/cli/assemble-worker.ts";
import { readPolicy } from "../../src/messages/read-policy.ts";
import { registry } from "../../src/tables/registry.ts";
import { containerFaults } from "./container-faults.ts";
import { ingressFaults } from "./ingress-faults.ts";
import { configOf, type Context, type InWorkload, when } from "./manifest-context.ts";
import {
  type Container,
  environmentOf,
  isRowpost,
  type Manifest,
  ofKind,
  type Selector,
  selects,
  specOf,
  workloadsOf,
} from "./manifests.ts";

/** What is wrong between the objects of one overlay, in one sentence each; none: it may be applied. */
export function manifestFaults(manifests: readonly Manifest[]): string[] {
  const workloads = workloadsOf(manifests);
  const context: Context = { manifests, workloads };
  return [
    ...workloads.flatMap((workload) =>
      workload.containers.flatMap((container) => containerFaults({ ...context, workload, container })),
    ),
    ...workloads.flatMap((workload) =>
      [podFaults, identityFaults, graceFaults].flatMap((faults) =>
        faults({ ...context, workload }).map((fault) => `${workload.name}: ${fault}`),
      ),
    ),
    ...[selectorFaults, reachFaults, scalingFaults, budgetFaults, ingressFaults, policyFaults].flatMap(
      (faults) => faults(context),
    ),
  ];
}

function podFaults({ workload: { pod, kind, selector, labels }, manifests }: InWorkload): string[] {
  const named = (of: string, name: string | undefined) =>
    when(
      name !== undefined && !ofKind(manifests, of).some(({ metadata }) => metadata.name === name),
      `there is no ${of} ${name}`,
    );
  const seccomp = pod.securityContext?.["seccompProfile"] as { readonly type?: string } | undefined;
  return [
    ...named("ServiceAccount", pod.serviceAccountName),
    ...(pod.volumes ?? []).flatMap(({ configMap, csi }) => [
      ...named("ConfigMap", configMap?.name),
      ...named("SecretProviderClass", csi?.volumeAttributes.secretProviderClass),
    ]),
    ...when(
      kind === "Deployment" && (selector === undefined || !selects(selector, labels)),
      "its selector does not select its own Pods",
    ),
    ...when(
      pod.securityContext?.["runAsNonRoot"] !== true || seccomp?.type !== "RuntimeDefault",
      "the Pod is not restricted",
    ),
    ...when(
      (pod.initContainers ?? []).some(({ restartPolicy }) => restartPolicy !== "Always"),
      "an init container that is no native sidecar keeps the others from starting",
    ),
  ];
}

/** Cloud SQL, "Log in using IAM database authentication": the database's user is the service account's name before its @. */
function identityFaults({ workload: { pod, containers }, manifests }: InWorkload): string[] {
  const account = ofKind(manifests, "ServiceAccount").find(
    ({ metadata }) => metadata.name === pod.serviceAccountName,
  );
  const google = account?.metadata.annotations?.["iam.gke.io/gcp-service-account"];
  const databases = containers.filter(isRowpost).map((container) => configOf(container, manifests)?.database);
  return databases.flatMap((database) =>
    when(
      database?.iam === true && database.user !== google?.split("@")[0],
      `it logs in to the database as ${database?.user}, but acts as ${google}`,
    ),
  );
}

/** The containers stop first, then the native sidecars, all within the Pod's grace period. */
function graceFaults({ workload: { kind, pod, containers }, manifests }: InWorkload): string[] {
  if (kind === "Job" || !containers.some(isRowpost)) return [];
  const grace = (container: Container) => configOf(container, manifests)?.worker.graceSeconds ?? 0;
  const longest = (some: readonly Container[], of: (container: Container) => number) =>
    Math.max(0, ...some.map(of));
  const preStop = longest(pod.containers, ({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
  const needed = preStop + longest(pod.containers, grace) + longest(pod.initContainers ?? [], grace);
  const given = pod.terminationGracePeriodSeconds ?? 30;
  return when(
    given <= needed,
    `its grace period of ${given} s is not longer than the ${needed} s that stopping may take`,
  );
}

/** Whoever selects Pods selects some, and asks for ports that they have. */
function selectorFaults({ manifests, workloads }: Context): string[] {
  interface Selecting {
    readonly selector?: Selector | Readonly<Record<string, string>>;
    readonly podSelector?: Selector;
    readonly ports?: readonly { readonly targetPort: number }[];
    readonly endpoints?: readonly { readonly port: string }[];
    readonly ingress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
  }
  const kinds = ["Service", "PodDisruptionBudget", "PodMonitoring", "NetworkPolicy"];
  return kinds
    .flatMap((kind) => ofKind(manifests, kind))
    .flatMap((manifest) => {
      const { kind, metadata } = manifest;
      const { selector, podSelector, ports = [], endpoints = [], ingress = [] } = specOf<Selecting>(manifest);
      const asked = (
        kind === "Service" ? { matchLabels: selector } : (podSelector ?? selector ?? {})
      ) as Selector;
      const found = workloads.filter(({ labels }) => selects(asked, labels));
      const open = new Set(found.flatMap(({ containers }) => containers.flatMap(portsOf)));
      const wanted = [
        ...ports.map(({ targetPort }) => targetPort),
        ...endpoints.map(({ port }) => port),
        ...ingress.flatMap((rule) => rule.ports.map(({ port }) => port)),
      ];
      return [
        ...when(found.length === 0, `${kind} ${metadata.name} selects no Pod`),
        ...wanted
          .filter((port) => !open.has(port))
          .map((port) => `${kind} ${metadata.name}: no Pod has port ${port}`),
      ];
    });
}

/** By number, and by name as Managed Prometheus wants them. */
const portsOf = ({ ports = [] }: Container) =>
  ports.flatMap(({ name = "", containerPort }) => [name, containerPort]);

/** The policies let rowpost out to what its configuration names. */
function reachFaults({ manifests, workloads }: Context): string[] {
  interface Policy {
    readonly podSelector: Selector;
    readonly egress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
  }
  return workloads
    .filter(({ containers }) => containers.some(isRowpost))
    .flatMap(({ name, labels, containers }) => {
      const policies = ofKind(manifests, "NetworkPolicy").map((manifest) => specOf<Policy>(manifest));
      const mine = policies.filter(({ podSelector }) => selects(podSelector, labels));
      const open = new Set(
        mine.flatMap(({ egress = [] }) => egress.flatMap(({ ports }) => ports.map(({ port }) => port))),
      );
      return containers
        .flatMap((container) => destinations(container, manifests))
        .filter((port) => !open.has(port))
        .map((port) => `${name}: no NetworkPolicy lets it out to port ${port}`);
    });
}

function destinations(container: Container, manifests: readonly Manifest[]): number[] {
  const address = configOf(container, manifests)?.database.address;
  const emulator = environmentOf(container, manifests)["PUBSUB_EMULATOR_HOST"];
  // Cloud SQL, "Connect using Cloud SQL connectors": 3307, and the SQL Admin API; the metadata server, for the login.
  const database = address?.kind === "tcp" ? [address.port] : [3307, 443, 80, 988];
  return [53, ...database, emulator === undefined ? 443 : Number(emulator.split(":")[1])];
}

interface Scaler {
  readonly target: string;
  readonly maximum: number;
}

function scalersOf(manifests: readonly Manifest[]): Scaler[] {
  interface Spec {
    readonly scaleTargetRef: { readonly name: string };
    readonly maxReplicas?: number;
    readonly maxReplicaCount?: number;
  }
  return ["HorizontalPodAutoscaler", "ScaledObject"]
    .flatMap((kind) => ofKind(manifests, kind))
    .map((manifest) => specOf<Spec>(manifest))
    .map((spec) => ({
      target: spec.scaleTargetRef.name,
      maximum: spec.maxReplicas ?? spec.maxReplicaCount ?? Number.NaN,
    }));
}

function scalingFaults({ manifests, workloads }: Context): string[] {
  const scalers = scalersOf(manifests);
  const deployments = workloads.filter(({ kind }) => kind === "Deployment");
  return [
    ...scalers
      .filter(({ target }) => !deployments.some(({ name }) => name === target))
      .map(({ target }) => `${target} is scaled, and there is no such Deployment`),
    ...deployments.flatMap(({ name, replicas }) => {
      const mine = scalers.filter(({ target }) => target === name).length;
      return [
        ...when(mine > 1, `${name} has two autoscalers`),
        ...when(
          mine > 0 && replicas !== undefined,
          `${name} has an autoscaler and a number of replicas of its own`,
        ),
        ...when(
          mine === 0 && replicas === undefined,
          `${name} has neither an autoscaler nor a number of replicas`,
        ),
      ];
    }),
    ...subscriptionFaults({ manifests, workloads }),
  ];
}

/** An autoscaler looks at the subscription that its workers pull, and at a container that they have. */
function subscriptionFaults({ manifests, workloads }: Context): string[] {
  interface Metric {
    readonly external?: {
      readonly metric: { readonly selector: { readonly matchLabels: Record<string, string> } };
    };
    readonly containerResource?: { readonly container: string };
  }
  interface Spec {
    readonly scaleTargetRef: { readonly name: string };
    readonly metrics: readonly Metric[];
  }
  return ofKind(manifests, "HorizontalPodAutoscaler").flatMap((manifest) => {
    const { scaleTargetRef, metrics } = specOf<Spec>(manifest);
    const containers = workloads.find(({ name }) => name === scaleTargetRef.name)?.containers ?? [];
    const pulled = containers.map((container) => environmentOf(container, manifests)["PUBSUB_SUBSCRIPTION"]);
    return metrics.flatMap(({ external, containerResource }) => {
      const subscription = external?.metric.selector.matchLabels["resource.labels.subscription_id"];
      const container = containerResource?.container;
      return [
        ...when(
          external !== undefined && !pulled.includes(subscription),
          `${manifest.metadata.name} looks at ${subscription}, which nobody pulls`,
        ),
        ...when(
          container !== undefined && !containers.some(({ name }) => name === container),
          `${manifest.metadata.name} looks at a container ${container} that is not there`,
        ),
      ];
    });
  });
}

/** The migration's session, and the one that holds its lock. */
const OF_A_COMMAND = 2;

/** Each replica twice: in a roll-out its predecessor may still be beside it, finishing. */
function budgetFaults({ manifests, workloads }: Context): string[] {
  const [namespace] = ofKind(manifests, "Namespace");
  const budget = Number(namespace?.metadata.annotations?.["rowpost/database-connections"]);
  const scalers = scalersOf(manifests);
  const total = workloads.reduce((sum, { name, kind, replicas = 1, containers }) => {
    const maximum = scalers.find(({ target }) => target === name)?.maximum ?? replicas;
    const held = containers.reduce((all, container) => all + connectionsOf(container, manifests), 0);
    return sum + (kind === "Job" ? 1 : 2 * maximum) * held;
  }, 0);
  return when(!(total <= budget), `${total} connections at the most are over the budget of ${budget}`);
}

/** How many connections to the database a container may hold. */
export function connectionsOf(container: Container, manifests: readonly Manifest[]): number {
  const config = isRowpost(container) ? configOf(container, manifests) : undefined;
  if (config === undefined) return 0;
  switch (container.args?.[0]) {
    case "worker":
      return config.worker.lanes + SPARE_CONNECTIONS;
    case "sidecar":
      return config.http.connections;
    case "migrate":
      return OF_A_COMMAND;
    default:
      return 0;
  }
}

/** The policy that the configuration names is one that rowpost takes. */
function policyFaults({ manifests }: Context): string[] {
  const maps = ofKind(manifests, "ConfigMap") as (Manifest & { readonly data: Record<string, string> })[];
  return maps.flatMap(({ data }) => {
    const text = data["policy.yaml"];
    return text === undefined ? [] : [...(readPolicy(parse(text), registry).faults ?? [])];
  });
}
