import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const ROOMS = [
  "apply",
  "chaos",
  "cli",
  "http",
  "local",
  "messages",
  "pubsub",
  "secrets",
  "store",
  "tables",
  "telemetry",
  "worker",
] as const;
type Room = (typeof ROOMS)[number];

/** Which rooms a room may use: the map of the house, said a second time so that neither can change alone. */
const MAY_USE: Record<Room, readonly Room[]> = {
  apply: ["messages", "store", "tables"],
  chaos: ["local", "pubsub", "store", "tables"],
  cli: ROOMS,
  http: ["apply", "messages", "store", "tables", "telemetry"],
  local: ["pubsub", "store", "telemetry"],
  messages: ["tables"],
  pubsub: ["telemetry"],
  secrets: [],
  store: ["tables"],
  tables: [],
  telemetry: [],
  worker: ["apply", "messages", "store", "tables", "telemetry"],
};

/** The rooms in which a foreign client may be used. */
const MAY_IMPORT: Record<string, readonly Room[]> = {
  "@google-cloud/pubsub": ["pubsub"],
  "@google-cloud/secret-manager": ["secrets"],
  "@mikro-orm/mysql": ["chaos", "store", "tables"],
  "mysql2/promise": ["chaos", "store", "local"],
  commander: ["cli"],
  "google-auth-library": ["secrets", "store"],
  fastify: ["http"],
  pino: ["telemetry"],
  "@opentelemetry/api": ["telemetry"],
  "prom-client": ["telemetry"],
  "node:child_process": ["local"],
};

/** Small files that break one rule each, and that rule; undefined: nothing is wrong with it. */
const CASES = new Map<string, { text: string; rule: string | undefined }>();
for (const room of ROOMS) {
  for (const other of ROOMS) {
    const rule = room === other || MAY_USE[room].includes(other) ? undefined : "no-restricted-imports";
    CASES.set(`src/${room}/uses-${other}.ts`, { text: `export { a } from "../${other}/a.ts";\n`, rule });
    CASES.set(`src/${room}/deep/uses-${other}.ts`, {
      text: `export { a } from "../../${other}/a.ts";\n`,
      rule,
    });
  }
  for (const [name, rooms] of Object.entries(MAY_IMPORT)) {
    const rule = rooms.includes(room) ? undefined : "no-restricted-imports";
    CASES.set(`src/${room}/imports-${name.replaceAll(/\W/g, "-")}.ts`, {
      text: `export * from "${name}";\n`,
      rule,
    });
  }
  const outer = room === "cli" ? undefined : "no-restricted-imports";
  CASES.set(`src/${room}/reads-config.ts`, { text: 'export { a } from "../config.ts";\n', rule: outer });
  CASES.set(`src/${room}/imports-process.ts`, { text: 'export { pid } from "node:process";\n', rule: outer });
  const touches = room === "cli" ? undefined : "no-restricted-globals";
  CASES.set(`src/${room}/touches-process.ts`, { text: "export const pid = process.pid;\n", rule: touches });
}
for (const room of ["http", "worker"]) {
  const port = "../pubsub/port.ts";
  CASES.set(`src/${room}/port-type.ts`, {
    text: `export type { Intake } from "${port}";\n`,
    rule: undefined,
  });
  CASES.set(`src/${room}/port-value.ts`, {
    text: `export { a } from "${port}";\n`,
    rule: "no-restricted-imports",
  });
  const client = `export type { A } from "../pubsub/client.ts";\n`;
  CASES.set(`src/${room}/client-type.ts`, { text: client, rule: "no-restricted-imports" });
}
const SINGLE: Record<string, [text: string, rule: string]> = {
  "default-export": ["const a = 1;\nexport default a;\n", "no-default-export"],
  "floating-promise": ["async function f() {}\nf();\n", "no-floating-promises"],
  "open-switch": [
    'export function f(k: "a" | "b") {\n  switch (k) {\n    case "a":\n      return 1;\n  }\n}\n',
    "switch-exhaustiveness-check",
  ],
  cycle: ['import { b } from "./cycle-back.ts";\nexport const a: number = b;\n', "no-cycle"],
  "global-process": ["export const pid = globalThis.process.pid;\n", "no-restricted-properties"],
  "long-function": [`export function f() {\n${"  f();\n".repeat(60)}}\n`, "max-lines-per-function"],
  "long-file": ["export {};\n".repeat(210), "max-lines"],
};
for (const [name, [text, rule]] of Object.entries(SINGLE)) {
  CASES.set(`src/tables/${name}.ts`, { text, rule });
}
const CYCLE_BACK = 'import { a } from "./cycle.ts";\nexport const b: number = a;\n';

let folder: string;
let found: Map<string, string[]>;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "rowpost-fences-"));
  for (const name of [".oxlintrc.json", "tsconfig.json"]) {
    await copyFile(join(ROOT, name), join(folder, name));
  }
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const files = [...CASES].map(([path, { text }]) => [path, text] as const);
  for (const [path, text] of [...files, ["src/tables/cycle-back.ts", CYCLE_BACK] as const]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  found = await lint(folder);
});

after(() => rm(folder, { recursive: true, force: true }));

/** The rules that each file breaks. */
async function lint(cwd: string): Promise<Map<string, string[]>> {
  const oxlint = join(ROOT, "node_modules/.bin/oxlint");
  const printed = await new Promise<string>((resolve) => {
    const options = { cwd, maxBuffer: 64 * 1024 * 1024 };
    execFile(oxlint, ["--type-aware", "--format=json", "src"], options, (_error, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(printed) as { diagnostics: { filename: string; code: string }[] };
  const rules = new Map<string, string[]>();
  for (const { filename, code } of diagnostics) {
    const rule = /\((.*)\)$/.exec(code)?.[1] ?? code;
    rules.set(filename, [...(rules.get(filename) ?? []), rule]);
  }
  return rules;
}

test("each fence between the rooms bites, and only there", () => {
  for (const [path, { rule }] of CASES) {
    const broken = found.get(path) ?? [];
    if (rule === undefined) {
      assert.deepEqual(broken, [], `${path} is allowed`);
    } else {
      assert.ok(broken.includes(rule), `${path} breaks ${rule}; found: ${broken.join(", ") || "nothing"}`);
    }
  }
});
