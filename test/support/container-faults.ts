import { readConfig, VARIABLES } from "../../src/config.ts";
import { configOf, type InContainer, when } from "./manifest-context.ts";
import { type Container, environmentOf, isRowpost, ofKind, quantity } from "./manifests.ts";

/** What is wrong with one container, as it is rendered and configured, in one sentence each. */
export function containerFaults(inContainer: InContainer): string[] {
  const checks = [imageFaults, restrictionFaults, resourceFaults, probeFaults, configFaults, fileFaults];
  const { workload, container } = inContainer;
  return checks
    .flatMap((faults) => faults(inContainer))
    .map((fault) => `${workload.name}/${container.name}: ${fault}`);
}

/** By digest or exact version; rowpost:dev is what was built on this machine, and no registry has it. */
function imageFaults({ container: { image } }: InContainer): string[] {
  const exact = /(:\d+\.\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$/.test(image) || image === "rowpost:dev";
  return when(!exact, `the image ${image} is neither a digest nor an exact version`);
}

/** Kubernetes, "Pod Security Standards", Restricted; and a root file system that nobody writes. */
function restrictionFaults({ container: { securityContext: context } }: InContainer): string[] {
  const capabilities = context?.["capabilities"] as {
    readonly drop?: readonly string[];
    readonly add?: unknown;
  };
  const seccomp = context?.["seccompProfile"] as { readonly type?: string } | undefined;
  return [
    ...when(context?.["allowPrivilegeEscalation"] !== false, "may escalate its privileges"),
    ...when(context?.["readOnlyRootFilesystem"] !== true, "may write its root file system"),
    ...when(context?.["runAsNonRoot"] !== true, "may run as root"),
    ...when(seccomp?.type !== "RuntimeDefault", "has no seccomp profile"),
    ...when(!(capabilities?.drop?.includes("ALL") && capabilities.add === undefined), "keeps capabilities"),
  ];
}

/** Young generation of the image's --max-semi-space-size=8, three times; and what lies beside the heap, as measured. In MiB. */
const YOUNG = 3 * 8;
const BESIDE_HEAP = 144;

function resourceFaults({ container }: InContainer): string[] {
  const { requests = {}, limits = {} } = container.resources ?? {};
  const [, old] = /--max-old-space-size=(\d+)/.exec(environment(container)["NODE_OPTIONS"] ?? "") ?? [];
  const needed = old === undefined ? 0 : (Number(old) + YOUNG + BESIDE_HEAP) * 2 ** 20;
  return [
    ...["cpu", "memory"].flatMap((name) => [
      ...when(!(quantity(requests[name]) > 0), `requests no ${name}`),
      ...when(!(quantity(limits[name]) > 0), `has no limit of ${name}`),
      ...when(quantity(requests[name]) > quantity(limits[name]), `requests more ${name} than its limit`),
    ]),
    ...when(
      needed > quantity(limits["memory"]),
      `its limit of memory leaves less than ${BESIDE_HEAP} MiB beside the heap`,
    ),
  ];
}

const environment = (container: Container) => environmentOf(container, []);

/** What the two processes answer, each at its own port; test/unit/k8s asks them. */
export const PROBED = ["/livez", "/readyz", "/startupz"] as const;

function probeFaults({ workload, container, manifests }: InContainer): string[] {
  if (workload.kind === "Job" || !isRowpost(container)) return [];
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const config = configOf(container, manifests);
  const [served, host] =
    container.args?.[0] === "worker"
      ? [config?.worker.port, config?.worker.host]
      : [config?.http.port, config?.http.host];
  const expected = { "/startupz": startupProbe, "/readyz": readinessProbe, "/livez": livenessProbe };
  return [
    ...Object.entries(expected).flatMap(([path, probe]) => [
      ...when(probe?.httpGet?.path !== path, `a probe asks ${probe?.httpGet?.path} where ${path} belongs`),
      ...when(
        probe?.httpGet?.port !== served,
        `its ${path} is asked at ${probe?.httpGet?.port}, and served at ${served}`,
      ),
    ]),
    ...when(
      !(container.ports ?? []).some(({ containerPort }) => containerPort === served),
      `declares no port ${served}`,
    ),
    ...when(host !== "0.0.0.0", `listens on ${host}, where no probe reaches it`),
  ];
}

function configFaults({ container, manifests }: InContainer): string[] {
  if (!isRowpost(container)) return [];
  const set = environmentOf(container, manifests);
  const url = set["WORKER_URL"];
  const unknown = Object.keys(set).filter(
    (name) => !Object.hasOwn(VARIABLES, name) && !OTHERS.includes(name),
  );
  const { faults = [], config } = readConfig(set);
  return [
    ...(container.envFrom ?? []).flatMap(({ configMapRef: { name } }) =>
      when(
        !ofKind(manifests, "ConfigMap").some(({ metadata }) => metadata.name === name),
        `there is no ConfigMap ${name}`,
      ),
    ),
    ...unknown.map((name) => `${name} is no variable of config.ts`),
    ...faults,
    ...when(
      url !== undefined && url !== `http://127.0.0.1:${config?.worker.port}`,
      `WORKER_URL ${url} is not where the worker listens`,
    ),
  ];
}

/** Variables that are not rowpost's own: Node's, and that of Google's client libraries. */
const OTHERS: readonly string[] = ["NODE_OPTIONS", "PUBSUB_EMULATOR_HOST"];

/** A file that the configuration names is mounted where the process reads it. */
function fileFaults({ workload, container, manifests }: InContainer): string[] {
  if (!isRowpost(container)) return [];
  const set = environmentOf(container, manifests);
  // Commands neither sign nor enforce.
  const read =
    workload.kind === "Job"
      ? ["DB_PASS_FILE"]
      : ["DB_PASS_FILE", "POLICY_FILE", "PUBLISHER_SIGNING_KEY_FILE"];
  return read.flatMap((name) => {
    const file = set[name] ?? "";
    const mount = container.volumeMounts?.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
    const volume = workload.pod.volumes?.find((one) => one.name === mount?.name);
    if (file === "" || volume !== undefined) return [];
    return [`${name} names ${file}, and no volume is mounted there`];
  });
}
