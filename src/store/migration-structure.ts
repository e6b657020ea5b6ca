import { digestOf, LEDGER_TABLE } from "./migration-ledger.ts";
import type { Session } from "./migration-session.ts";

const OF_DATABASE = `table_schema = DATABASE() AND table_name <> '${LEDGER_TABLE}'`;

/** What DDL can change, and nothing that rows change (no counters, no statistics). */
const STRUCTURE = [
  `SELECT table_name, table_type, engine, table_collation, table_comment FROM information_schema.tables
   WHERE ${OF_DATABASE} ORDER BY table_name`,
  `SELECT table_name, ordinal_position, column_name, column_type, is_nullable, column_default, extra, collation_name,
   generation_expression, column_comment FROM information_schema.columns
   WHERE ${OF_DATABASE} ORDER BY table_name, ordinal_position`,
  `SELECT table_name, index_name, seq_in_index, column_name, non_unique, sub_part, index_type
   FROM information_schema.statistics WHERE ${OF_DATABASE} ORDER BY table_name, index_name, seq_in_index`,
  `SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints
   WHERE ${OF_DATABASE} ORDER BY table_name, constraint_name, constraint_type`,
];

/**
 * SHA-256 of the structure of the database's tables. A DDL statement is atomic (MySQL 8.4 Reference Manual, "Atomic Data
 * Definition Statement Support"; MariaDB since 10.6), so two digests that differ tell that one has taken effect between.
 */
export async function structureDigest(session: Session): Promise<string> {
  const parts: unknown[] = [];
  for (const query of STRUCTURE) parts.push(await session.rows(query));
  return digestOf(parts);
}
