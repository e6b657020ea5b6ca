import { createLoad, ROWS } from "../../load.ts";
import { rowFaults } from "../../verify.ts";
import type { Workload } from "../workload.ts";
import { INITIAL_ROWS, insertInitialRows } from "./initial-rows.ts";

/** Simple upserts, which set all columns: the load of the table of candidates. */
export function upserts(count: number, key?: () => string): Workload {
  const { messages, keys, rows } = createLoad(count, key);
  const said = messages.map(({ row }) => row);
  return {
    messages,
    keys,
    async prepare() {},
    faults: (connection) => rowFaults(connection, said, rows),
  };
}

/** The same where all rows are there already: several workers do not meet in the making of one. */
export function overwrites(count: number): Workload {
  const { messages, keys } = createLoad(count);
  const said = messages.map(({ row }) => row);
  return {
    messages,
    keys,
    prepare: insertInitialRows,
    faults: (connection) => rowFaults(connection, [...INITIAL_ROWS, ...said], ROWS),
  };
}
