import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { connectionsOf } from "../../support/manifest-faults.ts";
import { hasKubectl, render, workloadsOf } from "../../support/manifests.ts";
import { tableLines } from "../../support/readme.ts";

const OVERLAY = join(import.meta.dirname, "../../../k8s/overlays/production");
const HEAD =
  "| Pod | container | CPU, asked for and limit | memory, asked for and limit | connections | grace period |";
const skip = hasKubectl() || process.env["CI"] !== undefined ? false : "there is no kubectl on this machine";

test("the README's table of Pods is what the overlay production renders", { skip }, () => {
  const manifests = render(OVERLAY);
  const rows = workloadsOf(manifests).flatMap(({ name, pod, containers }) =>
    containers.map((container) => {
      const { requests = {}, limits = {} } = container.resources ?? {};
      const each = (resource: string) => `${requests[resource]}, ${limits[resource]}`;
      const connections = connectionsOf(container, manifests);
      const grace = `${pod.terminationGracePeriodSeconds} s`;
      return `| \`${name}\` | \`${container.name}\` | ${each("cpu")} | ${each("memory")} | ${connections} | ${grace} |`;
    }),
  );
  const wanted = rows.join("\n");
  assert.ok(tableLines(HEAD).join("\n") === wanted, `below ${HEAD} the README must say:\n${wanted}\n`);
});
