import { createLoad } from "../../load.ts";
import { rowFaults } from "../../verify.ts";
import type { Workload } from "../workload.ts";

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
