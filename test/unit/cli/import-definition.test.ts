import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { definitionText } from "../../../src/cli/import-definition.ts";
import { readCreateTable } from "../../../src/store/show-create.ts";
import type { ColumnShape, TableShape } from "../../../src/store/table-shape.ts";

const ROOT = join(import.meta.dirname, "../../..");

const column = (name: string, type: string, more: Partial<ColumnShape> = {}): ColumnShape => ({
  name,
  type,
  nullable: true,
  default: undefined,
  autoIncrement: false,
  generated: undefined,
  onUpdate: undefined,
  collation: undefined,
  isUsualCollation: true,
  comment: "",
  attributes: [],
  ...more,
});

const long = (n: number, part: string) => Array.from({ length: n }, (_, i) => `${part} ${i}`).join(" ");
const members = (n: number) => Array.from({ length: n }, (_, i) => `'member it''s ${i}'`).join(",");

/** Each way in which a line can be too long, at every length around the limit. */
function shapeOf(n: number): TableShape {
  const word = "x".repeat(n);
  return {
    name: `t${word}`,
    comment: long(n, "comment"),
    columns: [
      column("id", "int(11)", { nullable: false }),
      column("Ünï", `enum(${members(n)})`),
      column("7", `set(${members(n)})`, { nullable: false, default: { kind: "literal", text: word } }),
      column(`a-${word}`, `enum(${members(n)})`, { comment: long(n, "it's") }),
      column(`q"${word}'s`, "varchar(20)", { default: { kind: "literal", text: long(n, '"') } }),
      column(`c${word}`, "decimal(9,2)", { comment: word.repeat(3) }),
      column("d", "text", { nullable: false, comment: long(n, "d") }),
      column(`g${word}`, "geometry", { attributes: ["srid 4326"] }),
      column("e", "int(11)", { generated: { expression: long(n, "`id` +"), stored: true } }),
    ],
    key: ["id"],
    indexes: [
      { name: `i${word}`, unique: false, columns: [`a-${word}`, "d", `c${word}`], sql: "" },
      { name: "full", unique: false, columns: undefined, sql: `FULLTEXT KEY ${long(n, "`d`")}` },
      { name: "u", unique: true, columns: ["e"], sql: "" },
    ],
    foreignKeys: [
      {
        name: `f${word}`,
        columns: ["id", `c${word}`],
        references: { table: `t${word}`, columns: [word, "id"] },
        onDelete: "set null",
        onUpdate: undefined,
      },
    ],
    checks: [{ name: "c", expression: long(n, "`id` > 0 and") }],
    beyond: [long(n, "partition")],
  };
}

test("a definition's file is as the formatter would lay it out, however long its names and texts are", () => {
  for (const n of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 19, 23, 28, 34, 41, 49, 58]) {
    const text = definitionText(shapeOf(n), "../define-table.ts");
    const formatted = execFileSync(
      process.execPath,
      [join(ROOT, "node_modules/@biomejs/biome/bin/biome"), "format", "--stdin-file-path=src/t.ts"],
      { cwd: ROOT, input: text, encoding: "utf8" },
    );
    assert.equal(text, formatted, `n = ${n}`);
  }
});

test("what one server prints in its own way is read as the same", () => {
  const mysql = readCreateTable(
    "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `a` text DEFAULT (_utf8mb4'it\\'s'),\n" +
      "  `b` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,\n" +
      "  `c,(` varchar(9) GENERATED ALWAYS AS (concat(`a`,_utf8mb4',)')) VIRTUAL,\n  `d` int DEFAULT '3' /*!80023 INVISIBLE */,\n" +
      "  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`b`,`d`),\n  KEY `p` (`a`(5) DESC),\n" +
      "  CONSTRAINT `k` CHECK (((`d` > 0) and (`a` <> _utf8mb4'_utf8mb4')))\n) ENGINE=InnoDB COMMENT='PARTITION BY x'",
  );
  const mariadb = readCreateTable(
    "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `a` text DEFAULT 'it\\'s',\n" +
      "  `b` timestamp NULL DEFAULT current_timestamp() ON UPDATE current_timestamp(),\n" +
      "  `c,(` varchar(9) GENERATED ALWAYS AS (concat(`a`,',)')) VIRTUAL,\n  `d` int(11) INVISIBLE DEFAULT 3,\n" +
      "  PRIMARY KEY (`id`),\n  UNIQUE KEY `u` (`b`,`d`),\n  KEY `p` (`a`(5) DESC),\n" +
      "  CONSTRAINT `k` CHECK ((`d` > 0) and (`a` <> '_utf8mb4'))\n) ENGINE=InnoDB COMMENT='PARTITION BY x'",
  );
  assert.deepEqual(mysql, mariadb);
  assert.deepEqual(mysql.beyond, []);
  assert.deepEqual(
    mysql.indexes.map(({ name, columns, sql }) => [name, columns, sql]),
    [
      ["u", ["b", "d"], "UNIQUE KEY `u` (`b`,`d`)"],
      ["p", undefined, "KEY `p` (`a`(5) DESC)"],
    ],
  );
  assert.deepEqual(mysql.checks, [{ name: "k", expression: "(`d` > 0) and (`a` <> '_utf8mb4')" }]);
});

test("partitions, and keys of another database, are told of and left out", () => {
  const { beyond, foreignKeys } = readCreateTable(
    "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  PRIMARY KEY (`id`),\n" +
      "  CONSTRAINT `f` FOREIGN KEY (`id`) REFERENCES `other`.`t` (`id`)\n) ENGINE=InnoDB\n" +
      "/*!50100 PARTITION BY HASH (`id`)\nPARTITIONS 2 */",
  );
  assert.deepEqual(foreignKeys, []);
  assert.deepEqual(beyond, [
    "the foreign key f to other.t, in another database",
    "PARTITION BY HASH (`id`) PARTITIONS 2",
  ]);
});
