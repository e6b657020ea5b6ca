import { configOf, type Context, when } from "./manifest-context.ts";
import { ofKind, specOf } from "./manifests.ts";

/** From the host to the Pods: each name leads to something, and the load balancer is more patient than the publisher. */
export function ingressFaults({ manifests, workloads }: Context): string[] {
  const has = (kind: string, name: string | undefined) =>
    when(
      !ofKind(manifests, kind).some(({ metadata }) => metadata.name === name),
      `the Ingress leads to a ${kind} ${name} that is not there`,
    );
  interface Spec {
    readonly rules: readonly {
      readonly host: string;
      readonly http: {
        readonly paths: readonly { readonly backend: { readonly service: { readonly name: string } } }[];
      };
    }[];
  }
  return ofKind(manifests, "Ingress").flatMap((manifest) => {
    const { annotations = {} } = manifest.metadata;
    const { rules } = specOf<Spec>(manifest);
    const services = rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service.name));
    const hosts = rules.map(({ host }) => host);
    const certificates = ofKind(manifests, "ManagedCertificate").map((one) =>
      specOf<{ domains: string[] }>(one),
    );
    const covered = new Set(certificates.flatMap(({ domains }) => domains));
    return [
      ...services.flatMap((name) => has("Service", name)),
      ...has("ManagedCertificate", annotations["networking.gke.io/managed-certificates"]),
      ...has("FrontendConfig", annotations["networking.gke.io/v1beta1.FrontendConfig"]),
      ...hosts.filter((host) => !covered.has(host)).map((host) => `no certificate is for ${host}`),
      ...ofKind(manifests, "Service")
        .filter(({ metadata }) => services.includes(metadata.name))
        .flatMap(({ metadata }) => {
          const named = metadata.annotations?.["cloud.google.com/backend-config"] ?? "{}";
          return has("BackendConfig", (JSON.parse(named) as { default?: string }).default);
        }),
      ...patienceFaults({ manifests, workloads }),
    ];
  });
}

function patienceFaults({ manifests, workloads }: Context): string[] {
  interface Spec {
    readonly timeoutSec: number;
    readonly healthCheck: { readonly requestPath: string; readonly port: number };
  }
  const publisher = workloads.find(({ name }) => name === "rowpost-http")?.containers[0];
  const http = publisher && configOf(publisher, manifests)?.http;
  if (http === undefined) return ["there is no publisher behind the Ingress"];
  const longest = http.longestWait + http.publishTimeoutMs / 1_000;
  return ofKind(manifests, "BackendConfig").flatMap((manifest) => {
    const { timeoutSec, healthCheck } = specOf<Spec>(manifest);
    return [
      ...when(
        timeoutSec <= longest,
        `the load balancer gives up after ${timeoutSec} s, and an answer may take ${longest} s`,
      ),
      ...when(
        healthCheck.port !== http.port || healthCheck.requestPath !== "/readyz",
        "the load balancer's health check does not ask the publisher's /readyz",
      ),
    ];
  });
}
