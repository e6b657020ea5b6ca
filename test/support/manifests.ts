import { spawnSync } from "node:child_process";
import { parseAllDocuments } from "yaml";

/** An object of Kubernetes. What a check looks at beyond this, it names itself: see {@link specOf}. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export type Labels = Readonly<Record<string, string>>;

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: number };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string | number>>;
    readonly limits?: Readonly<Record<string, string | number>>;
  };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly csi?: { readonly volumeAttributes: { readonly secretProviderClass: string } };
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
}

/** What makes Pods: a Deployment or a Job. */
export interface Workload {
  readonly name: string;
  readonly kind: string;
  readonly replicas: number | undefined;
  readonly selector: Selector | undefined;
  readonly labels: Labels;
  readonly pod: PodSpec;
  /** Native sidecars first, as they start. */
  readonly containers: readonly Container[];
}

/** The `spec` of an object, as the caller knows it to be: the schemas have been checked elsewhere. */
export function specOf<Spec>(manifest: Manifest): Spec {
  return (manifest as unknown as { readonly spec: Spec }).spec;
}

/** Whether this machine can render at all. */
export function hasKubectl(): boolean {
  return spawnSync("kubectl", ["version", "--client"], { stdio: "ignore" }).status === 0;
}

/** The objects that `kubectl kustomize` makes of a folder, in its order. Throws with its words when it refuses. */
export function render(folder: string): Manifest[] {
  const { error, status, stdout, stderr } = spawnSync("kubectl", ["kustomize", folder], { encoding: "utf8" });
  if (error !== undefined) throw new Error("kubectl cannot be started; install it", { cause: error });
  if (status !== 0) throw new Error(`kubectl kustomize ${folder}: ${stderr}`);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
}

export function ofKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  return ["Deployment", "Job"].flatMap((kind) => ofKind(manifests, kind)).map(workload);
}

function workload(manifest: Manifest): Workload {
  interface Spec {
    readonly replicas?: number;
    readonly selector?: Selector;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  }
  const { replicas, selector, template } = specOf<Spec>(manifest);
  const { spec: pod, metadata } = template;
  const containers = [...(pod.initContainers ?? []), ...pod.containers];
  const { kind, metadata: own } = manifest;
  return { name: own.name, kind, replicas, selector, labels: metadata.labels, pod, containers };
}

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ""))
  );
}

/** The variables that a container sees: its ConfigMaps', and its own, which win. */
export function environmentOf(container: Container, manifests: readonly Manifest[]): Record<string, string> {
  const maps = ofKind(manifests, "ConfigMap") as (Manifest & { readonly data: Record<string, string> })[];
  const given = (container.envFrom ?? []).map(
    ({ configMapRef }) => maps.find(({ metadata }) => metadata.name === configMapRef.name)?.data ?? {},
  );
  const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? ""]));
  return Object.assign({}, ...given, own) as Record<string, string>;
}

/** Whether it runs rowpost's own image. */
export function isRowpost({ image }: Container): boolean {
  return /(^|\/)rowpost[:@]/.test(image);
}

const UNITS: Readonly<Record<string, number>> = { m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A quantity ("500m", "384Mi", 1) as a number of cores or bytes; NaN for what is none. */
export function quantity(text: string | number | undefined): number {
  const [, digits = "", unit] = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi)?$/.exec(String(text)) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN));
}
