import { Migrator } from "@mikro-orm/migrations";
import { DatabaseSchema, type MikroORM, SchemaComparator, type SchemaDifference } from "@mikro-orm/mysql";
import { withDots } from "../tables/dots.ts";
import { type Breaking, breakingOf, markBreaking } from "./migration-breaking.ts";
import { isGuard } from "./migration-guard.ts";
import { type Guards, guardsOf } from "./migration-guards.ts";
import { keepRows } from "./migration-not-null.ts";
import { onlineNotes } from "./migration-online.ts";
import type { MigrationStep } from "./migration-source.ts";
import { targetSchema } from "./target-schema.ts";

/** What lies between the snapshot of the committed migrations and the definitions. */
export interface SchemaChange {
  /** Statements without trailing semicolons, in the order in which they must run. Empty: there is nothing to do. */
  readonly up: readonly string[];
  /** The same, each with what workers of the old version cannot live with. */
  readonly steps: readonly MigrationStep[];
  readonly down: readonly string[];
  /** What a person must know before it runs: what is lost, filled, renamed, breaking or slow. One sentence each. */
  readonly notes: readonly string[];
  /** What it does, in a few words. */
  readonly action: string;
  /** The text of the next snapshot. */
  readonly snapshot: string;
}

export const SNAPSHOT_NAME = ".snapshot";

/** Compares the definitions that `orm` knows with the snapshot in `folder`; no database is asked. */
export async function schemaChange(orm: MikroORM, folder: string): Promise<SchemaChange> {
  const platform = orm.em.getPlatform();
  const target = targetSchema(orm);
  const from = (await readSnapshot(orm, folder)) ?? new DatabaseSchema(platform, "");
  const comparator = new SchemaComparator(platform);
  const up = comparator.compare(from, target);
  const down = comparator.compare(target, from, up);
  const action = actionOf(up);
  const losses = lossesOf(up);
  const breaking = breakingOf(up);
  const made = statementsOf(orm, up);
  const steps = markBreaking(made.statements, breaking).map(({ sql, breaking: why }) => ({
    sql: withDots(sql),
    breaking: why && withDots(why),
  }));
  return {
    action: withDots(action),
    notes: [...losses, ...made.notes, ...breakingNotes(breaking)].map(withDots),
    up: steps.map(({ sql }) => sql),
    steps,
    down: statementsOf(orm, down).statements.map(withDots),
    snapshot: `${JSON.stringify(target, null, 2)}\n`,
  };
}

function breakingNotes(breaking: readonly Breaking[]): string[] {
  if (breaking.length === 0) return [];
  return [
    ...new Set(breaking.map(({ why }) => `breaking: ${why}`)),
    "workers that do not know this migration pause as soon as it begins, until it is taken back",
  ];
}

/** Opens the snapshot that MikroORM's Migrator keeps, in any folder. */
class SnapshotReader extends Migrator {
  read(): Promise<DatabaseSchema | undefined> {
    return this.getSchemaFromSnapshot();
  }
}

function readSnapshot(orm: MikroORM, folder: string): Promise<DatabaseSchema | undefined> {
  const options = orm.config.get("migrations");
  orm.config.set("migrations", {
    ...options,
    path: folder,
    pathTs: folder,
    snapshotName: SNAPSHOT_NAME,
    silent: true,
  });
  return new SnapshotReader(orm.em).read();
}

interface Made {
  readonly statements: readonly string[];
  readonly notes: readonly string[];
}

/** Guards first: they look at the tables as they are, and nothing has taken effect when one refuses. */
function statementsOf(orm: MikroORM, diff: SchemaDifference): Made {
  const { guards, notes }: Guards = guardsOf(diff);
  const kept = keepRows(diff);
  const online = onlineNotes(diff);
  const sql = orm.schema.diffToSQL(diff, { wrap: false, safe: false, dropTables: true });
  const rest = [...kept.before, ...splitStatements(sql), ...kept.after];
  const first = [...guards, ...rest.filter(isGuard)];
  return {
    statements: [...first, ...rest.filter((statement) => !isGuard(statement))],
    notes: [...kept.notes, ...notes, ...online],
  };
}

const QUOTED = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`/gs;

/** Splits at the ends of lines that end in a semicolon outside of quotes, as MikroORM writes its statements. */
function splitStatements(sql: string): string[] {
  const statements: string[] = [];
  let start = 0;
  const bare = sql.replace(QUOTED, (quoted) => "x".repeat(quoted.length));
  for (const { index } of bare.matchAll(/;(?=\n|$)/g)) {
    statements.push(sql.slice(start, index).trim());
    start = index + 1;
  }
  return statements.filter((statement) => statement !== "");
}

const some = (names: object) => Object.keys(names).length > 0;

/** `a`, `a-and-b`, `a-and-b-and-3-more`. */
function list(names: object): string {
  const [first, second, ...more] = Object.keys(names);
  const rest = more.length > 0 ? `${more.length}-more` : undefined;
  return [first, second, rest].filter((part) => part !== undefined).join("-and-");
}

/** `create-a-and-b`, `add-c-to-t`, …; more than two actions are counted. */
function actionOf(diff: SchemaDifference): string {
  const actions: string[] = [];
  if (some(diff.newTables)) actions.push(`create-${list(diff.newTables)}`);
  if (some(diff.removedTables)) actions.push(`drop-${list(diff.removedTables)}`);
  for (const table of Object.values(diff.changedTables)) {
    const before = actions.length;
    if (some(table.addedColumns)) actions.push(`add-${list(table.addedColumns)}-to-${table.name}`);
    if (some(table.removedColumns)) actions.push(`drop-${list(table.removedColumns)}-from-${table.name}`);
    if (some(table.renamedColumns)) actions.push(`rename-${list(table.renamedColumns)}-in-${table.name}`);
    if (actions.length === before) actions.push(`change-${table.name}`);
  }
  const more = actions.length > 2 ? `-and-${actions.length - 2}-more` : "";
  return actions.slice(0, 2).join("-") + more;
}

function lossesOf(diff: SchemaDifference): string[] {
  const notes = Object.keys(diff.removedTables).map((table) => `drops ${table} with all its rows`);
  for (const table of Object.values(diff.changedTables)) {
    for (const column of Object.keys(table.removedColumns)) {
      notes.push(`drops ${table.name}.${column} with all its values`);
    }
    for (const [old, column] of Object.entries(table.renamedColumns)) {
      notes.push(
        `renames ${table.name}.${old} to ${column.name} with its values: if they are two things, write a drop and an add`,
      );
    }
  }
  return notes;
}
