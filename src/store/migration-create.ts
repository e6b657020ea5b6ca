import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Migrator } from "@mikro-orm/migrations";
import { MikroORM } from "@mikro-orm/mysql";
import type { Registry } from "../tables/definition.ts";
import { baselineFault } from "./migration-baseline.ts";
import { SNAPSHOT_NAME, schemaChange } from "./migration-diff.ts";
import { MIGRATIONS_FOLDER, migrationFiles } from "./migration-files.ts";
import { migrationSource } from "./migration-source.ts";
import { entitiesOf } from "./open-store.ts";

export interface CreateOptions {
  readonly folder?: string | undefined;
  /** What the migration does, in a few words; made from the change when not given. */
  readonly name?: string | undefined;
  /** A migration without statements, for what definitions don't say (such as moving data); needs a name. */
  readonly blank?: boolean | undefined;
  /** A migration of tables that are in a database already: see `migration-baseline.ts`. */
  readonly baseline?: boolean | undefined;
}

export type CreateResult =
  | {
      readonly outcome: "created";
      readonly name: string;
      readonly path: string;
      /** What a person must know before it runs, one sentence each. */
      readonly notes: readonly string[];
    }
  | { readonly outcome: "nothing" }
  | { readonly outcome: "refused"; readonly reason: string };

/**
 * Writes a migration from what the definitions say and the snapshot does not, and the new snapshot. Asks no database, so
 * the same definitions give the same migration everywhere.
 */
export async function createMigration(
  registry: Registry,
  options: CreateOptions = {},
): Promise<CreateResult> {
  const folder = options.folder ?? MIGRATIONS_FOLDER;
  const given = options.name === undefined ? undefined : slug(options.name);
  if (given === "") return { outcome: "refused", reason: "a migration's name needs a letter or a digit" };
  if (options.blank && given === undefined) {
    return { outcome: "refused", reason: "a blank migration needs a name" };
  }
  await mkdir(folder, { recursive: true });
  const change = await schemaChange(declaredOrm(registry), folder);
  if (!options.blank && change.up.length === 0) return { outcome: "nothing" };
  const fault = options.baseline ? baselineFault(change.up) : undefined;
  if (fault !== undefined) return { outcome: "refused", reason: fault };
  const { steps, down, notes } = options.blank ? { steps: [], down: [], notes: [] } : change;
  const action = given ?? slug(change.action);
  const stamp = nextStamp((await migrationFiles(folder)).at(-1)?.name, new Date());
  const name = `${stamp}-${options.baseline ? "baseline-" : ""}${action}`;
  const lines = options.baseline ? [...notes, ...BASELINE] : notes;
  const about = [capital(`${action.replaceAll("-", " ")}.`), ...lines.map((note) => capital(`${note}.`))];
  const back = options.baseline ? [] : down;
  const path = join(folder, `${name}.ts`);
  await writeFile(path, migrationSource({ className: `Migration${stamp}`, about, up: steps, down: back }), {
    flag: "wx",
  });
  if (!options.blank) await writeFile(join(folder, `${SNAPSHOT_NAME}.json`), change.snapshot);
  return { outcome: "created", name, path, notes };
}

const BASELINE = [
  "where these tables are already, this is recorded and not run",
  "taking it back leaves them, as they may be older than it",
];

/** An ORM that knows the definitions and no database. */
function declaredOrm(registry: Registry): MikroORM {
  return new MikroORM({
    entities: entitiesOf(registry),
    extensions: [Migrator],
    dbName: "rowpost",
    logger: () => {},
  });
}

/** `YYYYMMDDhhmmss` of now in UTC, or one second after the last migration's, so that names always sort by age. */
function nextStamp(last: string | undefined, now: Date): string {
  const stamp = (moment: Date) => moment.toISOString().replace(/[-T:]|\..*/g, "");
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)-/.exec(last ?? "");
  if (match === null || match[0] < `${stamp(now)}-`) return stamp(now);
  const [year = 0, month = 1, ...rest] = match.slice(1).map(Number);
  const [day = 1, hour = 0, minute = 0, second = 0] = rest;
  return stamp(new Date(Date.UTC(year, month - 1, day, hour, minute, second + 1)));
}

/** Lower case letters, digits and hyphens; 80 characters at the most. */
function slug(text: string): string {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return words.slice(0, 80).replace(/^-+|-+$/g, "");
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
