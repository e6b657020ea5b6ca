import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments, stringify } from "yaml";
import { openHealthServer } from "../../../src/worker/health-server.ts";
import { PROBED } from "../../support/container-faults.ts";
import { manifestFaults } from "../../support/manifest-faults.ts";
import { schemaFaults } from "../../support/manifest-schemas.ts";
import { hasKubectl, type Manifest, ofKind, render, specOf } from "../../support/manifests.ts";
import { cells, spans, tableLines } from "../../support/readme.ts";
import { quietLevel } from "../../support/quiet-level.ts";

const ROOT = join(import.meta.dirname, "../../..");
const K8S = join(ROOT, "k8s");
const OVERLAYS = ["local", "staging", "production"] as const;

/** In CI a missing kubectl is a fault: nothing else would look at the manifests. */
const skip =
  hasKubectl() || process.env["CI"] !== undefined
    ? false
    : "there is no kubectl on this machine, so no manifest is rendered or checked: install it (gcloud components install kubectl)";

const renderedOnce = new Map<string, Manifest[]>();

function rendered(overlay: string): Manifest[] {
  const manifests = renderedOnce.get(overlay) ?? render(join(K8S, "overlays", overlay));
  renderedOnce.set(overlay, manifests);
  return manifests;
}

for (const overlay of OVERLAYS) {
  test(`overlay ${overlay}: each object is as its kind's schema says, without a member more`, {
    skip,
  }, () => {
    const manifests = rendered(overlay);
    assert(manifests.length >= 12);
    assert.deepEqual(manifests.flatMap(schemaFaults), []);
  });

  test(`overlay ${overlay}: names, ports, configuration, grace periods, restrictions and connections agree`, {
    skip,
  }, () => {
    assert.deepEqual(manifestFaults(rendered(overlay)), []);
  });
}

test("each component is part of an overlay", () => {
  const used = OVERLAYS.flatMap((overlay) => {
    const text = readFileSync(join(K8S, "overlays", overlay, "kustomization.yaml"), "utf8");
    return ((parse(text) as { components?: string[] }).components ?? []).map((path) => basename(path));
  });
  const there = globSync("components/*/kustomization.yaml", { cwd: K8S }).map((path) => path.split("/")[1]);
  assert.deepEqual([...new Set(used)].sort(), there.sort());
});

test("a file holds one kind, and bears its name", () => {
  const files = globSync("**/*.yaml", { cwd: K8S });
  assert(files.length > 40);
  for (const file of files) {
    const kinds = parseAllDocuments(readFileSync(join(K8S, file), "utf8")).map(
      (document) => (document.toJS() as { kind?: string }).kind,
    );
    if (basename(file) === "policy.yaml") continue;
    const name = basename(file, ".yaml").replace(/-patch$/, "");
    const expected =
      name === "kustomization"
        ? /^(Kustomization|Component)$/
        : new RegExp(`^${name.replaceAll("-", "")}$`, "i");
    assert(new Set(kinds).size === 1 && expected.test(kinds[0] ?? ""), `${file} holds ${kinds.join(", ")}`);
  }
});

test("a number comes with a reason: no file of numbers is without a comment", () => {
  for (const file of globSync("{base,components}/**/*.yaml", { cwd: K8S })) {
    const text = readFileSync(join(K8S, file), "utf8");
    if (/[:,] *"?\d/.test(text)) assert.match(text, /^ *# \S/m, file);
  }
});

test("hpa and keda scale alike", { skip }, () => {
  const [hpa] = ofKind(rendered("production"), "HorizontalPodAutoscaler").filter(
    ({ metadata }) => metadata.name === "rowpost-worker",
  );
  const [keda] = ofKind(rendered("staging"), "ScaledObject");
  assert(hpa && keda);
  interface Target {
    readonly type: string;
    readonly averageValue: string | number;
  }
  const a = specOf<{
    minReplicas: number;
    maxReplicas: number;
    behavior: unknown;
    metrics: {
      external?: { metric: { name: string }; target: Target };
      containerResource?: { name: string; container: string; target: Target };
    }[];
  }>(hpa);
  const b = specOf<{
    minReplicaCount: number;
    maxReplicaCount: number;
    advanced: { horizontalPodAutoscalerConfig: { behavior: unknown } };
    triggers: { type: string; metricType: string; metadata: Record<string, string> }[];
  }>(keda);
  assert.deepEqual([b.minReplicaCount, b.maxReplicaCount], [a.minReplicas, a.maxReplicas]);
  assert.deepEqual(b.advanced.horizontalPodAutoscalerConfig.behavior, a.behavior);
  const asked = a.metrics.map(({ external, containerResource: own }) => {
    const name = external?.metric.name ?? `${own?.name} of ${own?.container}`;
    const target = external?.target ?? own?.target;
    return [MODES[name] ?? name, target?.type, String(target?.averageValue)];
  });
  const triggered = b.triggers.map(({ type, metricType, metadata }) => [
    metadata["mode"] ?? `${type} of ${metadata["containerName"]}`,
    metricType,
    metadata["value"],
  ]);
  assert.deepEqual(triggered, asked);
});

/** KEDA's names of the two metrics of a subscription. */
const MODES: Readonly<Record<string, string>> = {
  "pubsub.googleapis.com|subscription|num_undelivered_messages": "SubscriptionSize",
  "pubsub.googleapis.com|subscription|oldest_unacked_message_age": "OldestUnackedMessageAge",
};

test("alerts look at metrics that are served, and at the limit of memory that there is", { skip }, () => {
  const served = ["| metric | type | meaning |", "| metric of the sidecar | type | meaning |"]
    .flatMap(tableLines)
    .map(cells)
    .flatMap(([name = "", type]) =>
      spans(name).flatMap((span) =>
        type === "histogram" ? [`${span}_bucket`, `${span}_count`, `${span}_sum`] : [span],
      ),
    );
  const manifests = rendered("production");
  const rules = ofKind(manifests, "Rules").flatMap(
    (manifest) => specOf<{ groups: { rules: { alert: string; expr: string }[] }[] }>(manifest).groups,
  );
  const alerts = rules.flatMap((group) => group.rules);
  assert(alerts.length >= 10);
  for (const { alert, expr } of alerts) {
    const named = expr.match(/\b(rowpost|process|nodejs)_\w+/g) ?? [];
    assert(named.length > 0, alert);
    for (const name of named) assert(served.includes(name), `${alert}: nobody serves ${name}`);
  }
  const [, limit] =
    /\* (\d+) \* 1024 \* 1024/.exec(alerts.find(({ alert }) => alert === "RowpostMemory")?.expr ?? "") ?? [];
  const text = readFileSync(join(K8S, "base/deployment.yaml"), "utf8");
  assert(text.includes(`limits: { cpu: "2", memory: ${limit}Mi }`), `no worker is limited to ${limit} MiB`);
});

test("what probes ask is answered by the worker and by the sidecar", async () => {
  await using server = await openHealthServer({
    host: "127.0.0.1",
    port: 0,
    logLevel: quietLevel(),
    health: () => ({ ready: true, reasons: [] }),
    metrics: () => Promise.resolve({ contentType: "text/plain", body: "" }),
  });
  const { paths } = JSON.parse(readFileSync(join(ROOT, "schemas/openapi.json"), "utf8")) as {
    paths: Record<string, unknown>;
  };
  for (const path of [...PROBED, "/metrics"]) {
    assert.equal((await fetch(`http://127.0.0.1:${server.port}${path}`)).status, 200, path);
    assert(Object.hasOwn(paths, path), path);
  }
});

/** An overlay, one of its objects, what is changed in its YAML, and what must be said then. */
type Breakage = readonly [overlay: string, object: string, from: string, to: string, says: RegExp];

const BREAKAGES: readonly Breakage[] = [
  [
    "production",
    "ServiceAccount rowpost",
    "rowpost@",
    "rowposts@",
    /logs in to the database as rowpost, but acts as rowposts@/,
  ],
  [
    "production",
    "Job rowpost-migrate",
    "value: rowpost-migrate",
    "value: rowpost",
    /rowpost-migrate: it logs in .* as rowpost, but/,
  ],
  [
    "local",
    "Deployment rowpost-worker",
    "revisionHistoryLimit",
    "revisionHistorLimit",
    /revisionHistorLimit: the schema has no/,
  ],
  [
    "local",
    "Deployment rowpost-worker",
    "minReadySeconds: 10",
    "minReadySeconds: ten",
    /minReadySeconds must be integer/,
  ],
  [
    "local",
    "Deployment rowpost-worker",
    "mountPath: ",
    "mountpath: ",
    /must have required property mountPath/,
  ],
  [
    "local",
    "Deployment rowpost-worker",
    "failureThreshold:",
    "failuresThreshold:",
    /failuresThreshold: the schema has no/,
  ],
  ["local", "Deployment rowpost-worker", "maxSkew: 1", "maxskew: 1", /maxSkew/],
  ["production", "NetworkPolicy rowpost", "cidr:", "cdir:", /cidr/],
  [
    "production",
    "HorizontalPodAutoscaler rowpost-worker",
    "selectPolicy",
    "selectionPolicy",
    /selectionPolicy: the schema has no/,
  ],
  [
    "staging",
    "ScaledObject rowpost-worker",
    "pollingInterval",
    "poolingInterval",
    /poolingInterval: the schema has no/,
  ],
  ["staging", "ScaledObject rowpost-worker", "metricType", "metricsType", /metricsType: the schema has no/],
  [
    "staging",
    "ScaledObject rowpost-worker",
    "maxReplicaCount: 6",
    "maxReplicaCount: six",
    /maxReplicaCount must be integer/,
  ],
  ["staging", "Rules rowpost", "interval: 60s", "intervall: 60s", /Rules rowpost.*interval/],
  [
    "staging",
    "SecretProviderClass rowpost",
    "provider: gke",
    "provider: gcp",
    /SecretProviderClass rowpost.spec.provider/,
  ],
  [
    "production",
    "Deployment rowpost-worker",
    "rowpost:0.1.0",
    "rowpost:latest",
    /neither a digest nor an exact/,
  ],
  ["production", "Deployment rowpost-http", "rowpost:0.1.0", "rowpost", /neither a digest nor an exact/],
  [
    "production",
    "Deployment rowpost-worker",
    "allowPrivilegeEscalation: false",
    "allowPrivilegeEscalation: true",
    /may escalate/,
  ],
  [
    "production",
    "Deployment rowpost-worker",
    "readOnlyRootFilesystem: true",
    "readOnlyRootFilesystem: false",
    /may write its root/,
  ],
  ["production", "Deployment rowpost-http", "- ALL", "- NET_RAW", /publisher: keeps capabilities/],
  ["production", "Job rowpost-migrate", "type: RuntimeDefault", "type: Unconfined", /has no seccomp profile/],
  ["production", "Job rowpost-migrate", "runAsNonRoot: true", "runAsNonRoot: false", /may run as root/],
  ["production", "Deployment rowpost-http", "cpu: 500m", "cpu: 1500m", /requests more cpu than its limit/],
  [
    "production",
    "Deployment rowpost-worker",
    "memory: 640Mi",
    "memory: 512Mi",
    /leaves less than 144 MiB beside the heap/,
  ],
  ["production", "Deployment rowpost-worker", "limits:", "limit:", /has no limit of cpu/],
  [
    "production",
    "Deployment rowpost-worker",
    "path: /startupz",
    "path: /readyz",
    /asks \/readyz where \/startupz belongs/,
  ],
  [
    "production",
    "Deployment rowpost-worker",
    "port: 8081",
    "port: 8080",
    /is asked at 8080, and served at 8081/,
  ],
  [
    "production",
    "Deployment rowpost-worker",
    "restartPolicy: Always",
    "restartPolicy: Never",
    /keeps the others from starting/,
  ],
  [
    "production",
    "ConfigMap rowpost-config",
    "WORKER_HOST: 0.0.0.0",
    "WORKER_HOST: 127.0.0.1",
    /127.0.0.1, where no probe/,
  ],
  [
    "production",
    "ConfigMap rowpost-config",
    'WORKER_PORT: "8081"',
    'WORKER_PORT: "8082"',
    /WORKER_URL http:\/\/127.0.0.1:8081 is not/,
  ],
  ["production", "ConfigMap rowpost-config", "LANES", "LANE", /LANE is no variable of config.ts/],
  [
    "production",
    "ConfigMap rowpost-config",
    "AUTH: oidc",
    "AUTH: none",
    /OIDC_ISSUER: is only read with AUTH=oidc/,
  ],
  [
    "production",
    "ConfigMap rowpost-config",
    "POLICY_FILE: /etc/rowpost",
    "POLICY_FILE: /etc",
    /POLICY_FILE names .*no volume/,
  ],
  [
    "production",
    "ConfigMap rowpost-config",
    'GRACE_SECONDS: "25"',
    'GRACE_SECONDS: "28"',
    /of 60 s is not longer than the 61 s/,
  ],
  [
    "production",
    "Deployment rowpost-worker",
    "GracePeriodSeconds: 60",
    "GracePeriodSeconds: 55",
    /rowpost-worker: its grace/,
  ],
  ["production", "Deployment rowpost-http", "seconds: 15", "seconds: 25", /rowpost-http: its grace/],
  [
    "production",
    "ConfigMap rowpost-config",
    'LANES: "4"',
    'LANES: "6"',
    /206 connections at the most are over the budget of 200/,
  ],
  [
    "production",
    "ConfigMap rowpost-config",
    'HTTP_CONNECTIONS: "4"',
    'HTTP_CONNECTIONS: "8"',
    /over the budget of 200/,
  ],
  [
    "staging",
    "ScaledObject rowpost-worker",
    "maxReplicaCount: 6",
    "maxReplicaCount: 8",
    /over the budget of 200/,
  ],
  [
    "production",
    "HorizontalPodAutoscaler rowpost-http",
    "maxReplicas: 6",
    "maxReplicas: 9",
    /over the budget of 200/,
  ],
  ["local", "Deployment rowpost-worker", "replicas: 1", "replicas: 10", /over the budget of 200/],
  [
    "production",
    "Service rowpost-http",
    "selector:\n    app.kubernetes.io/component: http",
    "selector:\n    app.kubernetes.io/component: htp",
    /selects no Pod/,
  ],
  [
    "production",
    "Service rowpost-http",
    "targetPort: 8080",
    "targetPort: 8090",
    /Service rowpost-http: no Pod has port 8090/,
  ],
  [
    "production",
    "PodMonitoring rowpost-worker",
    "port: worker",
    "port: workers",
    /PodMonitoring rowpost-worker: no Pod has port workers/,
  ],
  [
    "production",
    "PodDisruptionBudget rowpost-worker",
    "component: worker",
    "component: job",
    /selects no Pod/,
  ],
  ["production", "NetworkPolicy rowpost-monitoring", "port: 8081", "port: 8088", /no Pod has port 8088/],
  [
    "production",
    "NetworkPolicy rowpost",
    "port: 3307",
    "port: 3306",
    /rowpost-migrate: no NetworkPolicy lets it out to port 3307/,
  ],
  ["local", "NetworkPolicy rowpost-local", "port: 8085", "port: 8086", /lets it out to port 8085/],
  [
    "production",
    "HorizontalPodAutoscaler rowpost-worker",
    "rowpost-updates-worker",
    "rowpost-updates",
    /which nobody pulls/,
  ],
  [
    "production",
    "HorizontalPodAutoscaler rowpost-worker",
    "container: worker",
    "container: rowpost",
    /a container rowpost that/,
  ],
  [
    "production",
    "HorizontalPodAutoscaler rowpost-worker",
    "kind: Deployment\n    name: rowpost-worker",
    "kind: Deployment\n    name: rowpost-http",
    /rowpost-http has two autoscalers/,
  ],
  [
    "production",
    "Deployment rowpost-worker",
    "minReadySeconds: 10",
    "replicas: 2",
    /an autoscaler and a number of replicas of its own/,
  ],
  ["local", "Deployment rowpost-worker", "  replicas: 1\n", "", /neither an autoscaler nor a number/],
  [
    "local",
    "Deployment rowpost-worker",
    "serviceAccountName: rowpost",
    "serviceAccountName: rowposts",
    /no ServiceAccount rowposts/,
  ],
  [
    "staging",
    "Deployment rowpost-http",
    "secretProviderClass: rowpost",
    "secretProviderClass: rows",
    /no SecretProviderClass rows/,
  ],
  [
    "production",
    "ManagedCertificate rowpost-http",
    "- rowpost.",
    "- rowpost1.",
    /no certificate is for rowpost.example.com/,
  ],
  ["production", "BackendConfig rowpost-http", "timeoutSec: 45", "timeoutSec: 30", /gives up after 30 s/],
  [
    "production",
    "BackendConfig rowpost-http",
    "requestPath: /readyz",
    "requestPath: /",
    /health check does not ask/,
  ],
  [
    "production",
    "Service rowpost-http",
    '"rowpost-http"}',
    '"rowpost"}',
    /BackendConfig rowpost that is not there/,
  ],
  ["production", "ConfigMap rowpost-policy", "operator: true", "operators: true", /operators/],
  [
    "staging",
    "ConfigMap rowpost-config",
    'DB_IAM_USER: ""',
    "DB_IAM_USER: x",
    /DB_IAM_USER: logs in without a password/,
  ],
  ["staging", "ConfigMap rowpost-config", "secrets/db-pass", "secret/db-pass", /DB_PASS_FILE names/],
];

test("each of these mistakes is found", { skip }, async (t) => {
  for (const [overlay, object, from, to, says] of BREAKAGES) {
    await t.test(`${overlay}, ${object}: ${to === "" ? `no ${from}` : to}`, () => {
      const broken = rendered(overlay).map((manifest) => {
        const { kind, metadata } = manifest;
        // The name of a generated one ends in the hash of its content.
        const name = kind === "ConfigMap" ? metadata.name.replace(/-\w{10}$/, "") : metadata.name;
        if (`${kind} ${name}` !== object) return manifest;
        const text = stringify(manifest);
        const changed = text.replace(from, to);
        assert.notEqual(changed, text, `${object} has no ${from}`);
        return parse(changed) as Manifest;
      });
      assert.notDeepEqual(broken, rendered(overlay), `there is no ${object}`);
      assert.match([...broken.flatMap(schemaFaults), ...manifestFaults(broken)].join("\n"), says);
    });
  }
});
