import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { MikroORM, p } from "@mikro-orm/mysql";
import fc from "fast-check";
import { assembleWorker } from "../../../src/cli/assemble-worker.ts";
import { defineTable } from "../../../src/tables/define-table.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { Told } from "../../support/rig.ts";
import { preparedRig, testSidecar } from "../../support/sidecar.ts";

const kinds = defineTable({
  name: "kinds",
  columns: {
    id: p.integer().autoincrement(false),
    tiny: p.type("tinyint").unsigned(false).nullable(),
    int: p.integer().unsigned(true).nullable(),
    big: p.bigint().unsigned(false).nullable(),
    ubig: p.bigint().unsigned().nullable(),
    dec: p.decimal().precision(65).scale(30).nullable(),
    single: p.float().nullable(),
    double: p.double().nullable(),
    flag: p.boolean().nullable(),
    text: p.string().length(100).nullable(),
    fixed: p.string().columnType("char(8)").nullable(),
    long: p.type("longtext").nullable(),
    bytes: p.type("varbinary(40)").nullable(),
    blob: p.type("blob").nullable(),
    day: p.date().nullable(),
    at: p.datetime(6).nullable(),
    second: p.datetime().nullable(),
    stamp: p.datetime().columnType("timestamp(3)").nullable(),
    span: p.time().nullable(),
    year: p.type("year").nullable(),
    choice: p.enum(["", "it's", "a\\b", "😀"]).nullable(),
    json: p.json().nullable(),
  },
  key: "id",
});

const file = { after };
const registry = registryOf([kinds]);
const rig = await preparedRig(file);
const orm = new MikroORM({ entities: [kinds.entity], dbName: "none" });
const [createTable = ""] = /create table [^;]+/.exec(await orm.schema.getCreateSchemaSQL()) ?? [];
await rig.database.query(createTable);
const { worker } = assembleWorker(rig.config, registry, rig.client, new Told());
after(() => worker.stop());
worker.start();
const sidecar = await testSidecar(file, {}, { rig, registry });
expectNoLeaks();

const WAIT = { prefer: "wait=20" };

/** Sends updates as JSON text, and says what became of each. */
async function outcomes(updates: readonly string[]): Promise<string[]> {
  const { json, text } = await sidecar.post("/updates", `{"updates":[${updates.join(",")}]}`, WAIT);
  assert.ok(Array.isArray(json.results), text);
  return json.results.map((one: { outcome?: string }) => one.outcome ?? JSON.stringify(one));
}

/** The text of a row as it was read, without its key: what an update may set. */
function written(row: string): string {
  return row.replace(/^\{"id":\d+,/, "{");
}

/** The texts of these rows, each read by its own key. */
async function read(ids: readonly number[]): Promise<string[]> {
  const answers = await Promise.all(ids.map((id) => sidecar.get(`/tables/kinds/rows/${id}`)));
  for (const { status, text } of answers) assert.equal(status, 200, text);
  return answers.map(({ text }) => text);
}

/** Writes rows, reads them, and writes what was read: to the same rows, and to new ones. Gives what was read. */
async function thereAndBack(first: number, sets: readonly string[]): Promise<string[]> {
  const ids = sets.map((_, i) => first + i);
  const change = (op: string, id: number, set: string) =>
    `{"table":"kinds","op":"${op}","key":{"id":${id}},"set":${set}}`;
  const all = (outcome: string) => sets.map(() => outcome);
  assert.deepEqual(await outcomes(sets.map((set, i) => change("insert", first + i, set))), all("applied"));
  const texts = await read(ids);
  const same = texts.map((text, i) => change("update", first + i, written(text)));
  assert.deepEqual(await outcomes(same), all("unchanged"));
  const copies = texts.map((text, i) => change("insert", first + sets.length + i, written(text)));
  assert.deepEqual(await outcomes(copies), all("applied"));
  const copied = await read(ids.map((id) => id + sets.length));
  assert.deepEqual(copied.map(written), texts.map(written));
  return texts;
}

/** What is sent, and what is read, by column; the same where there is one text only. */
const EXTREMES: readonly Readonly<Record<string, string | readonly [string, string]>>[] = [
  {
    tiny: "-128",
    int: ['"4294967295"', "4294967295"],
    big: ["-9223372036854775808", '"-9223372036854775808"'],
    ubig: ["18446744073709551615", '"18446744073709551615"'],
    dec: `"-${"9".repeat(35)}.${"9".repeat(30)}"`,
    single: ["0.1", "0.10000000149011612"],
    double: "5e-324",
    flag: ["1", "true"],
    text: `"${"😀".repeat(100)}"`,
    fixed: ['"a  "', '"a"'],
    long: ['"\\u0000\\b\\n\\r\\u001a\\"\\\\%_\'\\u2028  "', '"\\u0000\\b\\n\\r\\u001a\\"\\\\%_\'\u2028  "'],
    bytes: `"${Buffer.from([0, 255, 39, 92]).toString("base64")}"`,
    blob: '""',
    day: '"1000-01-01"',
    at: ['"9999-12-31T23:59:59.999999"', '"9999-12-31T23:59:59.999999Z"'],
    second: ['"2024-07-11T16:26:32+02:00"', '"2024-07-11T14:26:32Z"'],
    stamp: ['"2038-01-19 03:14:07.999"', '"2038-01-19T03:14:07.999Z"'],
    span: '"-838:59:59"',
    year: "1901",
    choice: '""',
    json: '{"__proto__":{"constructor":[18446744073709551615,-9223372036854775808]},"a":0.1234567890123456789012345678,"z":1.7976931348623157e+308,"é":"😀\\u0000"}',
  },
  {
    tiny: "127",
    big: '"9223372036854775807"',
    ubig: '"0"',
    dec: [`0.${"0".repeat(29)}1`, `"0.${"0".repeat(29)}1"`],
    single: ["-3.4028234663852886e38", "-3.4028234663852886e+38"],
    double: ["-1.7976931348623157E308", "-1.7976931348623157e+308"],
    flag: "false",
    text: '""',
    fixed: '"ÄÖÜäöüß€"',
    day: '"9999-12-31"',
    at: ['"1000-01-01 00:00:00"', '"1000-01-01T00:00:00.000000Z"'],
    stamp: '"1970-01-01T00:00:01.000Z"',
    span: '"838:59:59"',
    year: "2155",
    choice: '"a\\\\b"',
    json: "123456789012345678901234567890.5",
  },
  { json: "[]", span: '"-00:00:01"' },
  { json: '""', double: ["-0", "0"] },
  { json: "false" },
  {},
];

describe("a row that was read", () => {
  it("holds every digit and byte that was sent", async () => {
    const pick = (at: 0 | 1) =>
      EXTREMES.map((values) =>
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            typeof value === "string" ? value : value[at],
          ]),
        ),
      );
    const object = (values: Readonly<Record<string, string | undefined>>, names: readonly string[]) =>
      `{${names.map((name) => `"${name}":${values[name] ?? "null"}`).join(",")}}`;
    const texts = await thereAndBack(
      1,
      pick(0).map((values) => object(values, Object.keys(values))),
    );
    const columns = [...kinds.columns.keys()].filter((name) => name !== "id");
    assert.deepEqual(
      texts.map(written),
      pick(1).map((values) => object(values, columns)),
    );
  });

  it("is taken by an update and means the same", async () => {
    const seed = Math.trunc(Math.random() * 2 ** 31);
    const sets = fc.sample(rows(), { seed, numRuns: 60 });
    await thereAndBack(1000, sets).catch((cause: unknown) => {
      throw new Error(`with the seed ${seed}`, { cause });
    });
  });
});

/** What an insert may set, as JSON text. */
function rows(): fc.Arbitrary<string> {
  const digits = (bits: bigint, unsigned: boolean) =>
    fc.bigInt(unsigned ? 0n : -(2n ** (bits - 1n)), unsigned ? 2n ** bits - 1n : 2n ** (bits - 1n) - 1n);
  const texts: Record<string, fc.Arbitrary<string>> = {
    tiny: digits(8n, false).map(String),
    int: digits(32n, true).map(String),
    big: digits(64n, false).map((n) => `"${n}"`),
    ubig: digits(64n, true).map(String),
    dec: fc
      .bigInt({ min: 0n, max: 10n ** 65n - 1n })
      .map((n) => `"${`${n}`.padStart(31, "0").replace(/(.{30})$/, ".$1")}"`),
    single: fc.float({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
    double: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
    flag: fc.boolean().map(String),
    text: text(25),
    long: text(200),
    bytes: fc.uint8Array({ maxLength: 40 }).map((bytes) => `"${Buffer.from(bytes).toString("base64")}"`),
    at: fc
      .tuple(
        fc.date({ min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }),
        fc.nat(999),
      )
      .map(([date, micro]) => `"${date.toISOString().slice(0, 23)}${`${micro}`.padStart(3, "0")}Z"`),
    day: fc
      .date({ min: new Date("1000-01-01"), max: new Date("9999-12-31"), noInvalidDate: true })
      .map((date) => `"${date.toISOString().slice(0, 10)}"`),
    choice: fc.constantFrom("", "it's", "a\\b", "😀").map((choice) => JSON.stringify(choice)),
    json: json(),
  };
  return fc.record(texts, { requiredKeys: [] }).map(
    (set) =>
      `{${Object.entries(set)
        .map(([name, value]) => `"${name}":${value}`)
        .join(",")}}`,
  );
}

function text(maxLength: number): fc.Arbitrary<string> {
  return fc
    .string({ unit: "grapheme", maxLength })
    .map((value) => JSON.stringify(value.slice(0, 100).toWellFormed()));
}

/** JSON text with long numbers and names that mean something to JavaScript. */
function json(): fc.Arbitrary<string> {
  const name = fc.constantFrom("__proto__", "constructor", "a", "", "é😀", "0", '"\\');
  const { node } = fc.letrec<{ node: string }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constantFrom("null", "true", "0", '""', "-1", "1e3"),
      fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n).map(String),
      fc.tuple(fc.bigInt(0n, 10n ** 30n), fc.bigInt(1n, 10n ** 25n)).map(([a, b]) => `${a}.${b}`),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => JSON.stringify(n)),
      text(20),
      fc.array(tie("node"), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
      fc.dictionary(name, tie("node"), { maxKeys: 4 }).map(
        (of) =>
          `{${Object.entries(of)
            .map(([key, value]) => `${JSON.stringify(key)}:${value}`)
            .join(",")}}`,
      ),
    ),
  }));
  return node;
}
