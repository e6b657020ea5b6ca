import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBench } from "../../bench/chart/draw-bench.ts";
import { COLUMNS, type PartResult } from "../../bench/parts/part.ts";

function part(name: PartResult["name"], heads: readonly string[], rows: PartResult["rows"]): PartResult {
  const columns = heads.map((head) => ({ head, digits: 0 }));
  return { name, title: `by ${name}`, columns, rows, notes: [], checks: [] };
}

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, said = ""]) => said);
}

const { head: rate } = COLUMNS.rate;

test("a bar says what the column of its part holds, wherever it stands", () => {
  const rows = [{ title: "4 workers", cells: [19_000, 21_000, 46, 3] }];
  const workers = part("workers", [rate, "2nd half", "client µs", "retried"], rows);
  const said = texts(drawBench({ about: "", runs: [], parts: [workers] }));
  assert.ok(said.includes("19,000, 3 retried"), said.join("\n"));
});

test("a part without the column that is to be drawn is an error that names both", () => {
  const workers = part("workers", [rate], [{ title: "1", cells: [1] }]);
  assert.throws(() => drawBench({ about: "", runs: [], parts: [workers] }), /workers has no column retried/);
});

test("a figure that is none leaves a gap, not a zero", () => {
  const rows = [1, 2].map((x) => ({ title: `${x}`, x, cells: [x === 1 ? undefined : 500] }));
  const svg = drawBench({ about: "", runs: [], parts: [part("batch", [rate], rows)] });
  assert.equal(svg.match(/<circle /g)?.length, 1);
});

test("the names of many lines stay on their own chart", () => {
  const names = ["a name of one line", "a name of another", "a third name that is long", "and the fourth"];
  const rows = names.map((series, i) => ({ title: series, series, x: 1, cells: [i] }));
  const svg = drawBench({ about: "", runs: [], parts: [part("receipts", [rate], rows)] });
  for (const name of names) {
    const [, x] = new RegExp(`<text x="([\\d.]+)"[^>]*>${name}<`).exec(svg) ?? [];
    assert.ok(Number(x) + name.length * 6.3 < 480, `${name} begins at ${x}`);
  }
});
