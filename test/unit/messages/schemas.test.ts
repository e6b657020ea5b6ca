import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { Ajv2020 } from "ajv/dist/2020.js";
import { createDecoder } from "../../../src/messages/decode.ts";
import { printSchemas } from "../../../src/messages/print-schemas.ts";
import type { Rejection } from "../../../src/messages/rejection.ts";
import { driftOfSchemas, writeSchemas } from "../../../src/messages/schema-folder.ts";
import type { Column, ColumnKind } from "../../../src/tables/definition.ts";
import { registry } from "../../../src/tables/registry.ts";
import { LIMITS, message, sampleRegistry } from "./sample-tables.ts";

const FOLDER = join(import.meta.dirname, "../../../schemas");
const decode = createDecoder(registry, LIMITS);

/** One file of `schemas/examples/invalid`. */
interface InvalidExample {
  readonly about: string;
  /** The data of the message as JSON, or as a text where a JSON value can't say it. */
  readonly update?: unknown;
  readonly text?: string;
  /** "accepts": the rule is one that JSON Schema can't express. */
  readonly schema?: "accepts";
  readonly rejection: Pick<Rejection, "code" | "pointer" | "rule">;
}

function validator(tables: typeof registry) {
  const ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    strictTypes: false,
    allErrors: false,
  });
  for (const [file, text] of printSchemas(tables, LIMITS.changes)) {
    if (file.endsWith(".schema.json")) ajv.addSchema(JSON.parse(text), file);
  }
  return ajv.getSchema("update.schema.json") ?? assert.fail("no envelope");
}

async function examples(kind: "valid" | "invalid"): Promise<{ file: string; text: string }[]> {
  const folder = join(FOLDER, "examples", kind);
  const files = (await readdir(folder)).sort();
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(join(folder, file), "utf8") })));
}

/** What the schema speaks of: the update, without the CloudEvent around it. */
function updateIn(value: unknown): unknown {
  return typeof value === "object" && value !== null && "specversion" in value && "data" in value
    ? value.data
    : value;
}

describe("the printed contract", () => {
  test("schemas/ is what the code prints: npm run schemas renews it", async () => {
    assert.deepEqual(await driftOfSchemas(FOLDER, registry, LIMITS.changes), []);
  });

  test("each file is JSON Schema 2020-12, and every reference is found", () => {
    const validate = validator(registry);
    assert.equal(validate({ table: "todos", op: "delete", key: { id: 1 } }), true);
    assert.equal(
      validator(sampleRegistry)({ table: "seats", op: "delete", key: { row: "a", number: 1 } }),
      false,
    );
  });
});

describe("the examples", async () => {
  const validate = validator(registry);

  for (const { file, text } of await examples("valid")) {
    test(`valid/${file} passes the schema and the decoder`, () => {
      const valid = validate(updateIn(JSON.parse(text)));
      assert.ok(valid, JSON.stringify(validate.errors));
      assert.equal(decode(message(text)).rejection, undefined);
    });
  }

  for (const { file, text } of await examples("invalid")) {
    test(`invalid/${file} is rejected as it says`, () => {
      const example = JSON.parse(text) as InvalidExample;
      const data = example.text ?? JSON.stringify(example.update);
      const { rejection } = decode(message(data));
      const { code, pointer, rule } = rejection ?? assert.fail("accepted by the decoder");
      assert.deepEqual(JSON.parse(JSON.stringify({ code, pointer, rule })), example.rejection);
      if (code !== "malformed") {
        assert.equal(validate(updateIn(JSON.parse(data))), example.schema === "accepts");
      }
    });
  }

  test("they show every code that decoding can give for the shipped tables", async () => {
    const codes = (await examples("invalid")).map(
      ({ text }) => (JSON.parse(text) as InvalidExample).rejection.code,
    );
    assert.deepEqual([...new Set(codes)].sort(), [
      "invalid",
      "malformed",
      "too_large",
      "unknown_column",
      "unknown_table",
    ]);
  });
});

const TIMES = [
  "2024-02-29T23:59:59",
  "2024-02-29 00:00:00.5Z",
  "2024-02-29t00:00:00.000+14:00",
  "2024-02-29",
];
const INTEGERS = [0, -0, 1, 1e2, -1, 200, 70_000, 4294967295, 2 ** 53, "7", "+7", "-7", "007", "1.0", "1e3"];
const DECIMALS = [...INTEGERS, 1.5, "1.50", ".5", "1.", "-0.001", 1e-7, 1e30];
const TEXTS = ["", "x", "é😀", "x ", "x".repeat(64), "😀".repeat(200), "YQ=="];
const FLAGS = [true, false, 0, 1, "0", "true"];
/** Values that may fit a column of the kind. */
const VALUES: Partial<Record<ColumnKind, readonly unknown[]>> = {
  integer: INTEGERS,
  bigint: INTEGERS,
  decimal: DECIMALS,
  boolean: FLAGS,
  datetime: TIMES,
  string: TEXTS,
};

test("the schema never refuses an update that the decoder takes", () => {
  for (const tables of [registry, sampleRegistry]) {
    const validate = validator(tables);
    const decodeThese = createDecoder(tables, LIMITS);
    let taken = 0;
    fc.assert(
      fc.property(changeOf(tables), (change) => {
        if (decodeThese(message(change)).rejection === undefined) {
          taken += 1;
          assert.ok(validate(change), JSON.stringify(validate.errors));
        }
      }),
      { numRuns: 1_000 },
    );
    assert.ok(taken > 50, `only ${taken} updates were valid`);
  }
});

/** Changes with the right names, and values that may fit. */
function changeOf(tables: typeof registry): fc.Arbitrary<object> {
  return fc.constantFrom(...tables.values()).chain((table) => {
    const group = (columns: readonly Column[]) =>
      fc.record(Object.fromEntries(columns.map((column) => [column.name, valueOf(column)])));
    const written = [...table.columns.values()].filter(
      (column) => !table.key.includes(column) && !column.readOnly,
    );
    const numeric = written.filter(({ delta }) => delta !== undefined);
    const some = (columns: Column[]) =>
      fc.subarray(columns, { maxLength: Math.min(2, columns.length) }).chain(group);
    const named = {
      table: fc.constant(table.name),
      op: fc.constantFrom(...table.operations),
      key: group(table.key),
    };
    return fc.record(
      { ...named, set: some(written), add: some(numeric), expect: some(written) },
      { requiredKeys: ["table", "op", "key"] },
    );
  });
}

function valueOf({ kind, nullable }: Column): fc.Arbitrary<unknown> {
  const values = VALUES[kind];
  const fitting = values === undefined ? fc.jsonValue({ maxDepth: 1 }) : fc.constantFrom(...values);
  return nullable
    ? fc.oneof({ weight: 5, arbitrary: fitting }, { weight: 1, arbitrary: fc.constant(null) })
    : fitting;
}

describe("a folder of schemas", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rowpost-schemas-"));
  after(() => rm(folder, { recursive: true }));

  test("is written once, kept when it is right, and put right when it is not", async () => {
    const all = [...printSchemas(sampleRegistry, 100).keys()];
    assert.deepEqual(
      await writeSchemas(join(folder, "new"), sampleRegistry, 100),
      all.map((file) => ({ file, kind: "missing" })),
    );
    assert.deepEqual(await writeSchemas(join(folder, "new"), sampleRegistry, 100), []);
    await writeFile(join(folder, "new/update.schema.json"), "{}");
    await writeFile(join(folder, "new/tables/gone.schema.json"), "{}");
    await writeFile(join(folder, "new/tables/README.md"), "");
    const drift = [
      { file: "update.schema.json", kind: "outdated" },
      { file: "tables/gone.schema.json", kind: "left_over" },
    ];
    assert.deepEqual(await driftOfSchemas(join(folder, "new"), sampleRegistry, 100), drift);
    assert.deepEqual(await writeSchemas(join(folder, "new"), sampleRegistry, 100), drift);
    assert.deepEqual(await driftOfSchemas(join(folder, "new"), sampleRegistry, 100), []);
    assert.deepEqual(await readdir(join(folder, "new/tables")), [
      "README.md",
      "ledger.schema.json",
      "notes.schema.json",
      "seats.schema.json",
    ]);
  });

  test("changes with the limit of changes and with the tables", async () => {
    await writeSchemas(join(folder, "limits"), sampleRegistry, 100);
    assert.deepEqual(await driftOfSchemas(join(folder, "limits"), sampleRegistry, 50), [
      { file: "update.schema.json", kind: "outdated" },
    ]);
  });
});
