import { glob } from "node:fs/promises";
import { join } from "node:path";
import { imageStep } from "./support/image-step.ts";
import { FLAVORS } from "./support/leg.ts";
import { legStep } from "./support/leg-step.ts";
import { programStep, type Report, toolStep, unitStep } from "./support/step.ts";

const ROOT = join(import.meta.dirname, "..");
const UNIT = ["test/unit/**/*.test.ts"];
const ON_SERVERS = ["test/{integration,e2e,chaos}/**/*.test.ts"];
const IN_IMAGE = ["test/image/**/*.test.ts"];

/** Whatever the database: once is enough. */
const NO_DATABASE =
  /^test\/(chaos\/mutants\.|integration\/(broker\/|pubsub\/|secrets\/|local\/(setup|end-orphan|server-process)\.))/;

/** These test what a browser draws, whatever the server: once is enough. */
const IN_BROWSER = /^test\/e2e\/(docs|page)\./;

const USAGE = `npm test                          everything
npm test check                    format, lint and types
npm test unit                     the tests that need no server
npm test integration              the tests on real servers
npm test image                    the image, built and run
npm test [mysql|mariadb]          on this server only
npm test FILE …                   these test files only, on real servers where they need them`;

/** What the arguments ask for. */
interface Wanted {
  readonly check: boolean;
  readonly unit: readonly string[];
  readonly onServers: readonly string[];
  readonly inImage: readonly string[];
  /** Whether the bench is run, briefly: so that it still runs when it is needed. */
  readonly bench: boolean;
  readonly flavors: readonly (typeof FLAVORS)[number][];
}

async function wanted(args: readonly string[]): Promise<Wanted> {
  const flavors = FLAVORS.filter((flavor) => args.includes(flavor));
  const words = args.filter((arg) => !FLAVORS.some((flavor) => flavor === arg));
  const parts = ["check", "unit", "integration", "image"].filter((part) => words.includes(part));
  const files = words.filter((word) => word.endsWith(".test.ts"));
  if (parts.length + files.length < words.length) {
    throw new Error(
      `${USAGE}\n\nunknown: ${words.filter((word) => !parts.includes(word) && !files.includes(word))}`,
    );
  }
  const all = words.length === 0;
  const whole = (part: string) => files.length === 0 && parts.includes(part);
  const inUnit = (file: string) => /(^|\/)test\/unit\//.test(file);
  const inImage = (file: string) => /(^|\/)test\/image\//.test(file);
  return {
    check: (all && flavors.length === 0) || parts.includes("check"),
    unit: [
      ...files.filter(inUnit),
      ...((all && flavors.length === 0) || whole("unit") ? await find(UNIT) : []),
    ],
    onServers: [
      ...files.filter((file) => !inUnit(file) && !inImage(file)),
      ...(all || whole("integration") ? await find(ON_SERVERS) : []),
    ],
    inImage: [
      ...files.filter(inImage),
      ...((all && flavors.length === 0) || whole("image") ? await find(IN_IMAGE) : []),
    ],
    bench: all,
    flavors: flavors.length > 0 ? flavors : FLAVORS,
  };
}

async function find(patterns: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(patterns, { cwd: ROOT })) {
    files.push(file);
  }
  return files.sort();
}

async function main(args: readonly string[], signal: AbortSignal): Promise<readonly Report[]> {
  const { check, unit, onServers, inImage, bench, flavors } = await wanted(args);
  const reports: Report[] = [];
  if (check) {
    reports.push(await toolStep("format", ["biome", "format", "."]));
    reports.push(
      await toolStep("lint", ["oxlint", "--type-aware", "--deny-warnings", "src", "test", "migrations"]),
    );
    reports.push(await toolStep("types", ["tsc"]));
  }
  if (unit.length > 0) {
    reports.push(await unitStep("unit tests", unit, signal));
  }
  if (onServers.length > 0) {
    for (const [i, flavor] of flavors.entries()) {
      const files =
        i === 0 ? onServers : onServers.filter((file) => !NO_DATABASE.test(file) && !IN_BROWSER.test(file));
      reports.push(await legStep(flavor, files, signal));
    }
  }
  const there = flavors.find((_, i) => reports.at(i - flavors.length)?.result !== "did not run");
  if (inImage.length > 0) {
    reports.push(await imageStep(there ?? flavors[0] ?? "mariadb", inImage, signal));
  }
  if (bench && there !== undefined) {
    reports.push(await programStep("bench", ["test/bench/run.ts", there, "--smoke"], signal));
  }
  return reports;
}

/** The last lines: one for each step, what did not run in a box, and the tests counted over all of them. */
function summary(reports: readonly Report[]): string {
  const rows = reports.map(({ name, result, seconds }) => {
    const sign = result === "passed" ? "✔" : result === "failed" ? "✖" : "⚠";
    return `${sign} ${name.padEnd(28)} ${seconds.toFixed(1).padStart(6)} s`;
  });
  const boxes = reports.flatMap((report) => (report.missing === undefined ? [] : [box(report.missing)]));
  const total = (of: "passed" | "failed" | "skipped") =>
    reports.reduce((sum, { counts }) => sum + counts[of], 0);
  const skipped = total("skipped") > 0 ? `, ${total("skipped")} skipped` : "";
  const tests = total("passed") + total("failed") + total("skipped");
  const line = tests > 0 ? [`${total("passed")} passed, ${total("failed")} failed${skipped}`] : [];
  return ["", ...rows, ...boxes, ...line].join("\n");
}

function box(text: string): string {
  const lines = text.split("\n").flatMap((line) => line.match(/.{1,100}(\s|$)/g) ?? [line]);
  const width = Math.max(...lines.map((line) => line.length));
  const bar = "═".repeat(width + 2);
  return [`╔${bar}╗`, ...lines.map((line) => `║ ${line.padEnd(width)} ║`), `╚${bar}╝`].join("\n");
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // A signal to a whole group comes again through npm: later ones change nothing.
  process.on(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
}
const reports = await main(process.argv.slice(2), interrupted.signal);
console.log(summary(reports));
const ran = reports.some(({ result }) => result === "passed");
const failed = reports.some(({ result }) => result === "failed");
process.exitCode = failed || !ran || interrupted.signal.aborted ? 1 : 0;
