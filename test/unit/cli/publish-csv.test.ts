import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError } from "../../../src/cli/context.ts";
import { readCsv } from "../../../src/cli/publish-csv.ts";
import { headerColumns } from "../../../src/cli/publish-header.ts";
import { isBreak } from "../../../src/cli/publish-piece.ts";
import type { Operation, TableDefinition } from "../../../src/tables/definition.ts";
import { LosslessNumber } from "../../../src/tables/lossless-number.ts";
import { table as builds } from "../../../src/tables/definitions/builds.ts";
import { table as customers } from "../../../src/tables/definitions/customers.ts";
import { table as todos } from "../../../src/tables/definitions/todos.ts";
import { table as toots } from "../../../src/tables/definitions/toots.ts";
import { accounts, badges } from "../../support/tables.ts";

interface Options {
  readonly table?: TableDefinition;
  readonly op?: Operation;
  readonly nullText?: string;
  readonly keyColumn?: { name: string; required: boolean };
  readonly delimiter?: string;
  readonly rowSize?: number;
  readonly chunk?: number;
}

async function* inChunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The records of a CSV text: line and value, or line and fault, or the place of the break. */
async function read(text: string | Buffer, options: Options = {}) {
  const {
    table = customers,
    op = "upsert",
    nullText,
    keyColumn,
    delimiter = ",",
    rowSize = 10_000,
  } = options;
  const limits = { dataBytes: 10_000, depth: 20 };
  const rules = { file: "f.csv", table, op, keyColumn, nullText, limits };
  const columns = (header: readonly string[]) => headerColumns(header, rules);
  const chunks = inChunks(Buffer.from(text as string), options.chunk ?? 1 << 20);
  const found = [];
  for await (const record of readCsv(chunks, { delimiter, rowSize, columns })) {
    found.push(
      isBreak(record)
        ? `${record.line}: ${record.reason}`
        : [record.line, record.value ?? `${record.fault?.code} ${record.fault?.pointer ?? ""}`.trim()],
    );
  }
  return found;
}

async function headerFault(header: string, options: Options = {}): Promise<string> {
  try {
    await read(`${header}\n1\n`, options);
    return "";
  } catch (error) {
    assert.ok(error instanceof CliError && error.exitCode === 2, String(error));
    return error.message;
  }
}

const HARD = 'customerID, firstName\r\nc-1,"Ada ""A""\r\nLovelace, é"\r\n\r\n   \r\nc-2,😀\nc-3,\n"",x';

for (const chunk of [1, 3, 1 << 20]) {
  test(`rows are read with their lines, over quoted line ends and blank lines (chunks of ${chunk})`, async () => {
    assert.deepEqual(await read(HARD, { chunk }), [
      [2, { customerID: "c-1", firstName: 'Ada "A"\r\nLovelace, é' }],
      [6, { customerID: "c-2", firstName: "😀" }],
      [7, { customerID: "c-3" }],
      [8, { firstName: "x" }],
    ]);
  });
}

test("cells are typed by the table: numbers keep every digit, booleans and JSON are read", async () => {
  const text =
    "id,in_reply_to_id,sensitive,replies_count,content,application,created_at\n" +
    '18446744073709551615,7,TRUE,+5,007,"{""id"":9007199254740993, ""a"":1.50}", 2024-07-11T16:26:32 \n' +
    " 12 ,,f,1.0,true,null,\n";
  const application = { id: new LosslessNumber("9007199254740993"), a: 1.5 };
  assert.deepEqual(await read(text, { table: toots }), [
    [
      2,
      {
        id: new LosslessNumber("18446744073709551615"),
        in_reply_to_id: 7,
        sensitive: true,
        replies_count: "+5",
        content: "007",
        application,
        created_at: "2024-07-11T16:26:32",
      },
    ],
    [3, { id: 12, sensitive: false, replies_count: 1, content: "true", application: null }],
  ]);
});

test("a decimal stays the text that it is", async () => {
  assert.deepEqual(await read("id,balance,status\n1, 25.00,open\n", { table: accounts }), [
    [2, { id: 1, balance: "25.00", status: "open" }],
  ]);
});

test("what is no boolean is handed on for the table to refuse", async () => {
  assert.deepEqual(await read("id,completed\n1,perhaps\n2,constructor\n", { table: todos }), [
    [2, { id: 1, completed: "perhaps" }],
    [3, { id: 2, completed: "constructor" }],
  ]);
});

test("an empty cell leaves its column out, and a given text means NULL", async () => {
  const text = "customerID,firstName,lastName\nc-1,,NULL\n";
  assert.deepEqual(await read(text), [[2, { customerID: "c-1", lastName: "NULL" }]]);
  assert.deepEqual(await read(text, { nullText: "NULL" }), [[2, { customerID: "c-1", lastName: null }]]);
  assert.deepEqual(await read(text, { nullText: "" }), [
    [2, { customerID: "c-1", firstName: null, lastName: "NULL" }],
  ]);
});

test("a row with too many or too few cells is refused, and the others are read", async () => {
  assert.deepEqual(await read("customerID,firstName\nc-1\nc-2,a,b\nc-3,c\n"), [
    [2, "malformed"],
    [3, "malformed"],
    [4, { customerID: "c-3", firstName: "c" }],
  ]);
});

test("a cell of a JSON column that is no JSON is refused with its column", async () => {
  assert.deepEqual(await read("id,tags\n1,[a]\n2,[]\n", { table: toots }), [
    [2, "invalid /tags"],
    [3, { id: 2, tags: [] }],
  ]);
});

for (const chunk of [1, 5, 1 << 20]) {
  test(`quotes that are out of order break the file behind the rows before them (chunks of ${chunk})`, async () => {
    const good = "customerID,firstName\nc-1,a\n";
    const first = [2, { customerID: "c-1", firstName: "a" }];
    assert.deepEqual(await read(`${good}c-2,"a"b\nc-3,c\n`, { chunk }), [
      first,
      "3: text follows a closing quote in this row (a quote inside a cell is written twice)",
    ]);
    assert.deepEqual(await read(`${good}c-2,a"b\n`, { chunk }), [
      first,
      "3: a quote stands inside a cell of this row that does not begin with one",
    ]);
    assert.deepEqual(await read(`${good}c-2,"a\nc-3,c\n`, { chunk }), [
      first,
      "3: a quote is opened in this row and never closed",
    ]);
    assert.deepEqual(await read(`${good}c-2,"${"x\n".repeat(60)}`, { chunk, rowSize: 100 }), [
      first,
      "3: this row is too large to be read; is a closing quote missing?",
    ]);
  });

  test(`text that is not UTF-8 breaks the file at its line (chunks of ${chunk})`, async () => {
    const latin1 = Buffer.from("customerID,firstName\nc-1,a\nc-2,\xe9\nc-3,c\n", "latin1");
    const found = await read(latin1, { chunk });
    assert.deepEqual(found[0], [2, { customerID: "c-1", firstName: "a" }]);
    assert.match(String(found[1]), /^3: the text is not UTF-8; .*iconv/);
    assert.equal(found.length, 2);
    const cut = Buffer.from("customerID,firstName\nc-1,a\nc-2,\u00e9").subarray(0, -1);
    assert.match(String((await read(cut, { chunk })).at(-1)), /not UTF-8/);
  });
}

test("a header alone and an empty file hold no records", async () => {
  assert.deepEqual(await read("customerID,firstName\n"), []);
  assert.deepEqual(await read(""), []);
});

test("a header that fits no row says what is wrong", async () => {
  assert.equal(
    await headerFault("customerID,frstName"),
    'f.csv: the header names "frstName", which is no column of customers; did you mean firstName?',
  );
  assert.match(await headerFault("customerID,x"), /its columns are customerID, firstName and lastName$/);
  assert.match(await headerFault("customerID,firstName,customerID"), /names "customerID" twice$/);
  assert.match(await headerFault("customerID,,firstName"), /has no name for column 2$/);
  assert.match(await headerFault("firstName"), /has no column "customerID", which is part of the key/);
  assert.match(await headerFault("person,points", { table: badges }), /has no column "kind"/);
  assert.match(await headerFault("customerID;firstName"), /parted by ";"\? Then say --delimiter$/);
  assert.match(await headerFault("customerID,firstName", { op: "delete" }), /takes the key only$/);
});

test("rows that the server numbers need no key", async () => {
  assert.deepEqual(await read("description\nwash up\n", { table: todos, op: "insert" }), [
    [2, { description: "wash up" }],
  ]);
});

test("the column of the idempotency keys needs no table that has it", async () => {
  const keyColumn = { name: "event", required: true };
  assert.deepEqual(await read("event,customerID\n0042,c-1\n", { keyColumn }), [
    [2, { event: "0042", customerID: "c-1" }],
  ]);
  assert.match(await headerFault("customerID", { keyColumn }), /has no column "event", which is to hold/);
});

test("another character may part the cells", async () => {
  assert.deepEqual(await read("customerID\tfirstName\nc-1\ta,b\n", { delimiter: "\t" }), [
    [2, { customerID: "c-1", firstName: "a,b" }],
  ]);
  assert.deepEqual(await read("link;title\nhttp://x;é\n", { delimiter: ";", table: builds }), [
    [2, { link: "http://x", title: "é" }],
  ]);
});
