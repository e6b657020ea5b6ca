import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SHIPPED } from "../../sim/choices.ts";
import { figures } from "../../sim/figures.ts";
import { readmeTables } from "../../sim/readme-tables.ts";
import { simReport } from "../../sim/report.ts";
import { PATTERNS } from "../../sim/scenarios.ts";
import { simulate } from "../../sim/simulate.ts";
import { README } from "../../support/readme.ts";

const PLOTS = join(import.meta.dirname, "../../sim/plots");

test("the plots and tables are those that the simulation makes: node test/sim/run.ts", () => {
  const { markdown, plots } = simReport();
  const wanted = new Map([...plots, ["tables.md", markdown]]);
  assert.deepEqual(readdirSync(PLOTS).sort(), [...wanted.keys()].sort());
  for (const [name, text] of wanted) {
    assert.ok(readFileSync(join(PLOTS, name), "utf8") === text, `${name} is not what the simulation makes`);
  }
});

test("what the README says of the shipped targets holds for other seeds too", () => {
  for (const scenario of PATTERNS.filter(({ name }) => ["steady", "spike", "bursts"].includes(name))) {
    for (const seed of [2, 3, 4]) {
      const { late, turns } = figures(simulate(scenario, SHIPPED, seed));
      assert.ok(late === 0 && turns <= 1, `${scenario.name}, seed ${seed}: late ${late} s, ${turns} turns`);
    }
  }
});

test("the README's chapter on scaling has the tables of the simulation", () => {
  for (const table of readmeTables()) {
    const [head] = table.split("\n");
    const written = README.split(`\n${head}\n`)[1] ?? "";
    assert.ok(
      `${head}\n${written}`.startsWith(`${table}\n`),
      `below ${head} the README must say:\n${table}\n`,
    );
  }
});
