/** Names that MySQL takes in quotes only, and that mean something to JSON pointers, URLs, CSV, JavaScript or regular expressions. */
export const AWKWARD = [
  "select",
  "a-b",
  "with space",
  " leading",
  "UPPER",
  "Ünïcödé 名",
  "dot.ted",
  "back`tick",
  "quo'te",
  'dou"ble',
  "sl/ash",
  "til~de",
  "com,ma",
  "per%cent",
  "que?ry&x=y#z",
  "back\\slash",
  "br{ac}e[0]",
  "(par)",
  "col:on",
  "7",
  "*",
  "set",
  "key",
  "limit",
  "tab\tbed",
] as const;

/** A table's name of the same kind. */
export const AWKWARD_TABLE = "Ord.er `s`/%?#'\"é, {x}";

/** MySQL's name in quotes. */
export const inQuotes = (name: string) => `\`${name.replaceAll("`", "``")}\``;

/** A table in which everything has an awkward name, and another that refers to it. */
export const AWKWARD_TABLES: readonly string[] = [
  `CREATE TABLE ${inQuotes(AWKWARD_TABLE)} (
    ${inQuotes("i.d")} VARCHAR(20) COLLATE utf8mb4_bin NOT NULL,
    ${AWKWARD.map((name) => `${inQuotes(name)} VARCHAR(20) NULL`).join(", ")},
    ${inQuotes("gen.erated")} VARCHAR(40) GENERATED ALWAYS AS (concat(${inQuotes("dot.ted")}, '.')) STORED,
    PRIMARY KEY (${inQuotes("i.d")}),
    UNIQUE KEY ${inQuotes("u.'n`i q")} (${inQuotes("quo'te")}),
    KEY ${inQuotes("in.dex")} (${inQuotes("dot.ted")}, ${inQuotes("7")}),
    CONSTRAINT ${inQuotes("ch'e.ck `x`")} CHECK (${inQuotes("back`tick")} <> 'it''s'))`,
  `CREATE TABLE ${inQuotes("ref-er.s")} (
    ${inQuotes("i d")} INT UNSIGNED NOT NULL,
    ${inQuotes("or.der")} VARCHAR(20) COLLATE utf8mb4_bin NULL,
    PRIMARY KEY (${inQuotes("i d")}),
    CONSTRAINT ${inQuotes("f.k `'x")} FOREIGN KEY (${inQuotes("or.der")})
      REFERENCES ${inQuotes(AWKWARD_TABLE)} (${inQuotes("i.d")}) ON DELETE SET NULL)`,
];
