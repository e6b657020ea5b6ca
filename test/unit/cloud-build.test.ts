import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parse } from "yaml";
import { findProgram, runCommand } from "../../src/local/child-process.ts";

const ROOT = join(import.meta.dirname, "../..");

interface CloudBuild {
  readonly substitutions: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly id: string; readonly name: string; readonly args: readonly string[] }[];
}

const { substitutions, steps } = parse(await readFile(join(ROOT, "cloudbuild.yaml"), "utf8")) as CloudBuild;

/** What a build of the overlays as they are shipped is given. */
const BUILD = { PROJECT_ID: "PROJECT", _REGION: "REGION", COMMIT_SHA: "0123abc" };
const IMAGE = "REGION-docker.pkg.dev/PROJECT/rowpost/rowpost";
const DIGEST = `sha256:${"4".repeat(64)}`;

/** A text as Cloud Build fills it in (its documentation, "Substituting variable values"); `$$` is a dollar. */
function filled(text: string, values: Readonly<Record<string, string>>): string {
  const all: Readonly<Record<string, string>> = { ...substitutions, ...values };
  return text.replace(/\$\$|\$\{(\w+)\}|\$(?=[A-Z_])/g, (found, name) => {
    if (found === "$$") return "$";
    const value = all[name];
    assert.ok(value !== undefined, `nobody says what ${found} is in: ${text}`);
    return filled(value, values);
  });
}

interface Ran {
  readonly code: number | null;
  readonly output: string;
  /** The programs that stood in for others, with their words, one call a line. */
  readonly calls: string;
  readonly folder: string;
}

/** Runs a step's script in a copy of the manifests, with these programs (scripts of a shell) in the place of the real ones. */
async function runStep(
  t: TestContext,
  id: string,
  programs: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>> = BUILD,
): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-cloud-build-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await cp(join(ROOT, "k8s"), join(folder, "k8s"), { recursive: true });
  await mkdir(join(folder, "bin"));
  for (const [name, script] of Object.entries(programs)) {
    const text = `#!/bin/sh\necho "${name} $*" >> ${folder}/calls\n${script}\n`;
    await writeFile(join(folder, "bin", name), text, { mode: 0o755 });
  }
  await writeFile(join(folder, "calls"), "");
  const args = steps.find((step) => step.id === id)?.args.map((arg) => filled(arg, values)) ?? [];
  const path = `PATH=${folder}/bin:${process.env["PATH"]}`;
  const { code, output } = await runCommand(["env", "-C", folder, path, "bash", ...args], 50_000);
  return { code, output, calls: await readFile(join(folder, "calls"), "utf8"), folder };
}

test("every builder is an exact version, and what is built, pushed and named is one image by the commit", () => {
  for (const { name } of steps) assert.match(name, /:\d+\.\d+\.\d+(-\w+)?$/);
  const words = (id: string) =>
    steps.find((step) => step.id === id)?.args.map((arg) => filled(arg, BUILD)) ?? [];
  const tagged = `${IMAGE}:0123abc`;
  assert.deepEqual(words("build"), ["build", "--build-arg", "REVISION=0123abc", "--tag", tagged, "."]);
  assert.deepEqual(words("push"), ["push", tagged]);
});

test("the overlay is rolled out with the image by its digest, everywhere", async (t) => {
  if ((await findProgram("kubectl")) === undefined) return t.skip("there is no kubectl on this machine");
  for (const overlay of ["staging", "production"]) {
    const values = { ...BUILD, _OVERLAY: overlay };
    const { code, output, calls, folder } = await runStep(
      t,
      "manifests",
      { gcloud: `echo ${DIGEST}` },
      values,
    );
    assert.equal(code, 0, output);
    assert.match(calls, new RegExp(`^gcloud artifacts docker images describe ${IMAGE}:0123abc `));
    const images = (await readFile(join(folder, "release.yaml"), "utf8")).match(/ image: .*/g) ?? [];
    assert.ok(images.length >= 3);
    for (const image of images) assert.equal(image, ` image: ${IMAGE}@${DIGEST}`);
  }
});

test("an overlay that names another image is not rolled out", async (t) => {
  if ((await findProgram("kubectl")) === undefined) return t.skip("there is no kubectl on this machine");
  const values = { ...BUILD, PROJECT_ID: "shop" };
  const { code, output } = await runStep(t, "manifests", { gcloud: `echo ${DIGEST}` }, values);
  assert.equal(code, 1);
  assert.match(output, /^k8s\/overlays\/production\/kustomization\.yaml must name the image REGION-docker/m);
});

/** Stands in for kubectl: the Job's conditions are empty when they are asked for first, then these. */
const kubectl = (conditions: string) => `case "$*" in
  *"get job"*) if [ -e asked ]; then echo "${conditions}"; else touch asked; fi ;;
  *logs*) echo "the log of the migrations" ;;
esac`;
const sleep = "";

test("the migrations come first, then the roll-out of whatever belongs to rowpost", async (t) => {
  const programs = { gcloud: "", sleep, kubectl: kubectl("SuccessCriteriaMet Complete") };
  const { code, output, calls } = await runStep(t, "deploy", programs);
  assert.equal(code, 0, output);
  assert.deepEqual(
    calls
      .split("\n")
      .map((call) => call.replace("--namespace=rowpost ", ""))
      .filter((call) => call !== "" && !/get job|^sleep/.test(call)),
    [
      "gcloud container clusters get-credentials rowpost --region=REGION --project=PROJECT",
      "kubectl delete job rowpost-migrate --ignore-not-found",
      "kubectl apply --filename=release.yaml",
      "kubectl logs job/rowpost-migrate",
      "kubectl rollout status deployment --selector=app.kubernetes.io/name=rowpost --timeout=15m",
    ],
  );
  assert.match(output, /the log of the migrations/);
  const job = await readFile(join(ROOT, "k8s/base/job.yaml"), "utf8");
  assert.match(job, /^ {2}name: rowpost-migrate$/m);
});

test("a migration that fails ends the build with its log", async (t) => {
  const programs = { gcloud: "", sleep, kubectl: kubectl("FailureTarget Failed") };
  const { code, output, calls } = await runStep(t, "deploy", programs);
  assert.equal(code, 1);
  assert.match(output, /the log of the migrations/);
  assert.doesNotMatch(calls, /rollout/);
});
