import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import type { Command } from "commander";
import { parse } from "yaml";
import { OUTCOMES } from "../../src/apply/outcome.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import type { CliContext } from "../../src/cli/context.ts";
import { SAMPLE_TITLES } from "../../src/cli/dev-samples.ts";
import { printTable } from "../../src/cli/print-table.ts";
import { readConfig, VARIABLES } from "../../src/config.ts";
import { sampleUpdates } from "../../src/local/samples.ts";
import { createDecoder } from "../../src/messages/decode.ts";
import { readPolicy } from "../../src/messages/read-policy.ts";
import { REJECTION_CODES } from "../../src/messages/rejection.ts";
import { registry } from "../../src/tables/registry.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import { SidecarMetrics } from "../../src/telemetry/sidecar-metrics.ts";
import { blocks, cells, README, section, spans, tableLines } from "../support/readme.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Fails with the lines that belong there, to be pasted into the README. */
function assertLines(head: string, expected: readonly string[]): void {
  const wanted = expected.join("\n");
  assert.ok(tableLines(head).join("\n") === wanted, `below ${head} the README must say:\n${wanted}\n`);
}

test("each variable of the configuration is in the README, with its default and its meaning", () => {
  const rows = Object.entries(VARIABLES).map(([name, schema]) => {
    const fallback = schema.parse(undefined);
    const shown = fallback === undefined || fallback === "" ? "–" : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${schema.description} |`;
  });
  assertLines("| variable | default | meaning |", rows);
});

test("each metric that the worker serves is in the README", async () => {
  using metrics = new Metrics({ version: "", tables: [], process });
  const { body } = await metrics.expose("text/plain");
  assertLines("| metric | type | meaning |", metricRows(body));
});

test("each metric that the sidecar serves and the worker does not is in the README", async () => {
  using metrics = new SidecarMetrics({ version: "", process });
  const { body } = await metrics.expose("text/plain");
  const shared = tableLines("| metric | type | meaning |");
  const rows = metricRows(body);
  const own = rows.filter((row) => !shared.includes(row));
  assert(own.every((row) => row.startsWith("| `rowpost_http_")));
  assert(own.length < rows.length);
  assertLines("| metric of the sidecar | type | meaning |", own);
});

/** The README's lines for metrics in Prometheus' text. */
function metricRows(body: string): string[] {
  const types = new Map([...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  const rows = [...body.matchAll(/^# HELP (\S+) (.*)\.$/gm)].map(
    ([, name, help]) => `| \`${name}\` | ${types.get(name)} | ${help} |`,
  );
  assert.equal(rows.length, types.size);
  return rows;
}

test("the README's rejection codes are the closed list, in its order", () => {
  const told = tableLines("| rejection code | meaning |").flatMap((line) => spans(cells(line)[0] ?? ""));
  assert.deepEqual(told, REJECTION_CODES);
});

test("the README tells every outcome, and what else may become of a delivery", () => {
  const told = tableLines("| outcome | when | rows | receipt | dead letter |").map((line) => cells(line)[0]);
  assert.deepEqual(told, [
    ...OUTCOMES.map((outcome) => `\`${outcome}\``),
    "duplicate (a delivery)",
    "retry (a delivery)",
  ]);
});

test("each update that the README shows is taken by the shipped tables", () => {
  const { config } = readConfig({});
  assert(config !== undefined);
  const decode = createDecoder(registry, config.limits);
  const shown = blocks(README, "json");
  assert(shown.length >= 2);
  for (const text of shown) {
    const message = { data: Buffer.from(text), attributes: {}, messageId: "1", publishedAt: new Date() };
    assert.equal(decode(message).rejection, undefined, text);
  }
});

test("what the README says of the sample updates is what `npm start` prints", () => {
  const [shown] = blocks(README, "").filter((block) => block.startsWith("update "));
  const titles = SAMPLE_TITLES.map((title) => ({ title }));
  const rows = sampleUpdates("m1x2", 0).map(({ key, shows, by, expected }) => ({
    cells: [key, shows, by, expected],
  }));
  assert.equal(shown, printTable(titles, rows, 100));
});

test("each command that the README names exists, and it names each", async () => {
  const named = commandsIn([...spans(README), ...blocks(README, "sh").flatMap((block) => block.split("\n"))]);
  assert(named.length > 15);
  for (const words of named) await assertExists(words);
  const table = tableLines("| command | what it does |").map((line) => spans(cells(line)[0] ?? "")[0]);
  const told = commandsIn(table.map(String)).map(([name, sub]) => [name, sub?.includes("|") ? sub : ""]);
  const existing = await Promise.all(
    Object.keys(COMMANDS).map(async (name) => [name, subcommands(await load(name)).join("|")]),
  );
  assert.deepEqual(new Map(told as [string, string][]), new Map(existing as [string, string][]));
});

/** The words behind `rowpost` of each text that calls it; `npm run rowpost --` is the same. */
function commandsIn(texts: readonly string[]): string[][] {
  return texts.flatMap((text) => {
    const [, words] = /^(?:npm run rowpost -- |rowpost )([a-z].*?)(?:\s+#.*)?$/.exec(text) ?? [];
    return words === undefined ? [] : [words.replaceAll("\\|", "|").split(" ")];
  });
}

/** The command is there, with these subcommands, options and as many arguments. */
async function assertExists([name = "", ...rest]: readonly string[]): Promise<void> {
  const call = `rowpost ${[name, ...rest].join(" ")}`;
  assert(Object.hasOwn(COMMANDS, name), call);
  let command = await load(name);
  if (subcommands(command).length > 0) {
    const subs = (rest.shift() ?? "").split("|");
    for (const sub of subs) {
      command = command.commands.find((one) => one.name() === sub) ?? command;
    }
    assert.notEqual(command.name(), name, call);
    const known = command.parent?.commands.map((one) => one.name()) ?? [];
    for (const sub of subs) assert(known.includes(sub), `${call}: ${sub}`);
  }
  const values: string[] = [];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const option = command.options.find(({ long }) => long === word);
    assert(option !== undefined || !word.startsWith("--"), `${call}: ${word}`);
    if (option === undefined) values.push(word);
    else if (option.required) rest.shift();
  }
  assert(values.length <= command.registeredArguments.length, `${call}: too many arguments`);
}

/** Those that are shown. */
function subcommands(command: Command): string[] {
  const shown = command.createHelp().visibleCommands(command);
  return command.commands.filter((one) => shown.includes(one)).map((one) => one.name());
}

function load(name: string): Promise<Command> {
  const stream = new PassThrough();
  const context: CliContext = {
    stdin: stream,
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
    emulatorHost: undefined,
    config: () => assert.fail("a command reads its configuration when it runs, not when it is made"),
    exitCode: () => {},
  };
  return COMMANDS[name]?.(context) ?? assert.fail(`there is no command ${name}`);
}

test("each npm script that the README names exists", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
  const named = [...README.matchAll(/\bnpm (?:run )?(start|test|(?<=run )[\w:-]+)/g)].map(([, name]) => name);
  assert(named.length > 5);
  for (const name of named) assert(Object.hasOwn(scripts, String(name)), `npm run ${name}`);
});

test("the rooms that the README shows are those of src/, and the journey goes through files that exist", () => {
  const rooms = section("## The rooms");
  const [map = ""] = blocks(rooms);
  const [root, ...lines] = map.trimEnd().split("\n");
  assert.equal(root, "src/");
  const named = lines.flatMap((line) => line.trim().split(/ {2,}/)[0]?.split(", ") ?? []);
  const existing = readdirSync(join(ROOT, "src"), { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return entry.name;
    return readdirSync(join(ROOT, "src", entry.name)).length > 0 ? `${entry.name}/` : [];
  });
  assert.deepEqual(named.sort(), existing.sort());
  assert(existsSync(join(ROOT, "src/tables/definitions")));
  const [, journey = ""] = rooms.split("The journey of one update: ");
  let room = "";
  for (const step of spans(journey)) {
    room = step.includes("/") ? (step.split("/")[0] ?? "") : room;
    const file = step.includes("/") ? step : `${room}/${step}`;
    assert(existsSync(join(ROOT, "src", `${file}.ts`)), file);
  }
});

test("each relative link of the README leads somewhere", () => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)]+)\)/g)].map(([, link = ""]) => link);
  assert(links.length > 0);
  for (const link of links) assert(existsSync(join(ROOT, link.split("#")[0] ?? "")), link);
  for (const file of spans(section("## The rooms")).filter((span) => span.startsWith("."))) {
    assert(existsSync(join(ROOT, file)), file);
  }
});

test("the policy that the README shows is one", () => {
  const [text = ""] = blocks(section("### Who may do what"), "yaml");
  const { policy, faults } = readPolicy(parse(text), registry);
  assert.deepEqual(faults, undefined);
  assert.deepEqual([...(policy?.principals.keys() ?? [])], ["shop@example.org", "ops"]);
});
