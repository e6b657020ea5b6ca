import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { TriggerAuthentication } from "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { Job } from "kubernetes-models/batch/v1/Job";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1/Ingress";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Namespace } from "kubernetes-models/v1/Namespace";
import { Service } from "kubernetes-models/v1/Service";
import { ServiceAccount } from "kubernetes-models/v1/ServiceAccount";
import { z } from "zod";
import type { Manifest } from "./manifests.ts";

/** What a model's `validate` asks of the object that it is called on; it throws with every fault. */
interface Model {
  readonly apiVersion: string;
  readonly kind: string;
  readonly prototype: { validate(): void };
}

/** Kubernetes' own schemas and KEDA's, as kubernetes-models has compiled them. */
const MODELS: readonly Model[] = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  ScaledObject,
  Service,
  ServiceAccount,
  TriggerAuthentication,
];

const Metadata = z.strictObject({
  name: z.string(),
  namespace: z.string(),
  annotations: z.record(z.string(), z.string()).optional(),
});
const object = (spec: z.ZodType) =>
  z.strictObject({ apiVersion: z.string(), kind: z.string(), metadata: Metadata, spec });
const strings = z.record(z.string(), z.string());
const duration = z.string().regex(/^\d+[smh]$/);
const seconds = z.int().positive();

/** Google's kinds, of which no model is at hand: what we use of them, from Google's reference pages of each. */
const BY_HAND: Readonly<Record<string, z.ZodType>> = {
  // GKE, "Ingress configuration on Google Cloud".
  "cloud.google.com/v1 BackendConfig": object(
    z.strictObject({
      timeoutSec: seconds,
      connectionDraining: z.strictObject({ drainingTimeoutSec: seconds.max(3_600) }),
      healthCheck: z.strictObject({
        type: z.enum(["HTTP", "HTTPS", "HTTP2"]),
        requestPath: z.string().startsWith("/"),
        port: z.int().min(1).max(65_535),
        checkIntervalSec: seconds.max(300),
        timeoutSec: seconds,
        unhealthyThreshold: z.int().min(1).max(10),
        healthyThreshold: z.int().min(1).max(10),
      }),
    }),
  ),
  "networking.gke.io/v1beta1 FrontendConfig": object(
    z.strictObject({
      redirectToHttps: z.strictObject({
        enabled: z.boolean(),
        responseCodeName: z.enum([
          "MOVED_PERMANENTLY_DEFAULT",
          "FOUND",
          "SEE_OTHER",
          "TEMPORARY_REDIRECT",
          "PERMANENT_REDIRECT",
        ]),
      }),
    }),
  ),
  // GKE, "Use Google-managed SSL certificates": no wildcards.
  "networking.gke.io/v1 ManagedCertificate": object(
    z.strictObject({ domains: z.array(z.hostname()).min(1).max(100) }),
  ),
  // Managed Service for Prometheus, the API reference of prometheus-engine.
  "monitoring.googleapis.com/v1 PodMonitoring": object(
    z.strictObject({
      selector: z.strictObject({ matchLabels: strings }),
      endpoints: z.array(
        z.strictObject({
          port: z.string(),
          path: z.string().startsWith("/"),
          interval: duration,
          timeout: duration,
        }),
      ),
      targetLabels: z.strictObject({
        metadata: z.array(
          z.enum(["pod", "container", "node", "top_level_controller_name", "top_level_controller_type"]),
        ),
      }),
    }),
  ),
  "monitoring.googleapis.com/v1 Rules": object(
    z.strictObject({
      groups: z.array(
        z.strictObject({
          name: z.string(),
          interval: duration,
          rules: z.array(
            z.strictObject({
              alert: z.string().regex(/^\w+$/),
              expr: z.string().min(1),
              for: duration.optional(),
              labels: z.strictObject({ severity: z.enum(["page", "ticket"]) }),
              annotations: z.strictObject({ summary: z.string().min(20) }),
            }),
          ),
        }),
      ),
    }),
  ),
  // GKE, "Use the Secret Manager add-on".
  "secrets-store.csi.x-k8s.io/v1 SecretProviderClass": object(
    z.strictObject({ provider: z.literal("gke"), parameters: z.strictObject({ secrets: z.string() }) }),
  ),
};

/** What a schema has against an object: wrong types, missing members, unknown members. None: it is as its kind's schema says. */
export function schemaFaults(manifest: Manifest): string[] {
  const kind = `${manifest.apiVersion} ${manifest.kind}`;
  const where = (path: string) => `${manifest.kind} ${manifest.metadata.name}${path}`;
  const model = MODELS.find((one) => `${one.apiVersion} ${one.kind}` === kind);
  if (model === undefined) {
    const parsed = BY_HAND[kind]?.safeParse(manifest);
    if (parsed === undefined) return [`${where("")}: there is no schema of ${kind} here`];
    return (parsed.error?.issues ?? []).map(
      ({ path, message }) => `${where(`/${path.join("/")}`)}: ${message}`,
    );
  }
  const unread: string[] = [];
  const watched = watch(manifest, "", unread);
  try {
    // On the object itself: a model's constructor would copy it, and so read all its members.
    model.prototype.validate.call(watched.value);
  } catch (error) {
    return [`${where("")}: ${error instanceof Error ? error.message : String(error)}`];
  }
  watched.finish();
  return unread.map((path) => `${where(path)}: the schema has no such member`);
}

/**
 * The compiled schemas let unknown members pass. But they read each member that they know, by its name, and the names of maps
 * one by one: a member that nobody has read is unknown. `finish` puts the paths of these into the list.
 */
function watch(value: unknown, path: string, unread: string[]): { readonly value: unknown; finish(): void } {
  if (typeof value !== "object" || value === null) return { value, finish: () => {} };
  const members = new Map<string, ReturnType<typeof watch>>();
  const proxy = new Proxy(value, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== "string" || !Object.hasOwn(target, name)) return found;
      const member = members.get(name) ?? watch(found, `${path}/${name}`, unread);
      members.set(name, member);
      return member.value;
    },
  });
  const finish = () => {
    for (const name of Object.keys(value)) {
      const member = members.get(name);
      if (member === undefined) unread.push(`${path}/${name}`);
      else member.finish();
    }
  };
  return { value: proxy, finish };
}
