import { ask } from "./api.js";

/** The tables' definitions, asked for once. */
export class Tables {
  #asked;

  /** `{tables}`, or `{problem}`, which is asked for again the next time. */
  async all() {
    this.#asked ??= ask("GET", "/tables");
    const { body, problem } = await this.#asked;
    if (problem !== undefined) this.#asked = undefined;
    return problem === undefined ? { tables: body.tables } : { problem };
  }
}

/** A change to begin with: the key to fill in, and the columns that it needs or that come first. */
export function template(table, operation) {
  const { key, columns, version } = table;
  const isKey = ({ name }) => key.includes(name);
  const made = ({ autoIncrement }) => operation === "insert" && autoIncrement;
  const pairs = (some) => Object.fromEntries(some.map((column) => [column.name, sample(column)]));
  // Null: no key may be null, so nothing is sent before somebody has filled it in.
  const keys = columns.filter((column) => isKey(column) && !made(column));
  const keyPart = Object.fromEntries(keys.map(({ name }) => [name, null]));
  const writable = columns.filter((column) => !isKey(column) && !column.readOnly && !column.generated);
  const needed = writable.filter(({ optional, name }) => !optional || name === version);
  const others = writable.filter((column) => !needed.includes(column));
  const set =
    operation === "update"
      ? [...needed, ...others].slice(0, 2)
      : [...needed, ...others].slice(0, Math.max(needed.length, 4));
  return JSON.stringify(
    operation === "delete" ? { key: keyPart } : { key: keyPart, set: pairs(set) },
    null,
    2,
  );
}

/** Types by the beginning of their names, with a value to be written over. */
const SAMPLES = [
  ["tinyint(1)", () => false],
  ["decimal", () => "0"],
  ["float", () => 0],
  ["double", () => 0],
  ["datetime", () => `${new Date().toISOString().slice(0, 19)}Z`],
  ["timestamp", () => `${new Date().toISOString().slice(0, 19)}Z`],
  ["date", () => new Date().toISOString().slice(0, 10)],
  ["time", () => "12:00:00"],
  ["year", () => 2000],
  ["json", () => ({})],
  ["enum", (type) => /'([^']*)'/.exec(type)?.[1] ?? ""],
];

/** A value of the column's type, to be written over. */
function sample({ type, default: known }) {
  if (known !== undefined && known !== null) return known;
  const [, make] = SAMPLES.find(([start]) => type.startsWith(start)) ?? [];
  if (make !== undefined) return make(type);
  return /int/.test(type) ? 1 : "";
}
