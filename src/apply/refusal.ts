import type { Rejection } from "../messages/rejection.ts";
import type { Change, Update } from "../messages/update.ts";
import { databaseError, refusalCode } from "../store/trouble.ts";
import type { TableDefinition } from "../tables/definition.ts";

/** What the server said, turned into what the publisher needs to know. `change` is the one that was refused, when known. */
export function refusal(error: unknown, update: Update, change?: Change): Rejection {
  const { errno, message } = databaseError(error);
  const culprit = change ?? (update.changes.length === 1 ? update.changes[0] : undefined);
  const code = refusalCode(error);
  const column = columnIn(message, culprit?.table);
  const index = code === "data_refused" ? undefined : indexIn(message, update);
  return {
    code,
    message: sentence(code, message, culprit, index),
    ...(culprit === undefined ? {} : { pointer: pointerTo(culprit, column), table: culprit.table.name }),
    ...(column === undefined ? {} : { column }),
    ...(index === undefined ? {} : { index }),
    ...(errno === undefined ? {} : { errno }),
  };
}

function sentence(
  code: string,
  message: string,
  change: Change | undefined,
  index: string | undefined,
): string {
  const where = change === undefined ? "" : `table ${change.table.name}: `;
  switch (code) {
    case "unique_conflict":
      return `${where}another row already has this value of unique index ${index ?? "?"} (${message})`;
    case "foreign_key":
      return `${where}foreign key ${index ?? "?"} does not allow this (${message})`;
    case "check_failed":
      return `${where}check ${index ?? "?"} does not allow this row (${message})`;
    default:
      return `${where}the database refused the data (${message})`;
  }
}

function pointerTo(change: Change, column: string | undefined): string {
  for (const group of ["set", "add", "key"] as const) {
    if (column !== undefined && Object.hasOwn(change[group], column)) {
      return `${change.pointer}/${group}/${column.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    }
  }
  return change.pointer;
}

/** `Duplicate entry 'x' for key 't.name'`, `CONSTRAINT \`name\``, `Check constraint 'name' is violated`. Names may hold quotes and dots. */
function indexIn(message: string, update: Update): string | undefined {
  const key = /for key '(.+)'$/s.exec(message)?.[1];
  if (key !== undefined) return withoutTable(key, update);
  const constraint = /CONSTRAINT `(.+?)` (?:FOREIGN KEY|failed for)/is
    .exec(message)?.[1]
    ?.replaceAll("``", "`");
  return constraint ?? /Check constraint '(.+)' is violated/is.exec(message)?.[1];
}

/** MySQL puts the table's name before the index's, MariaDB does not. */
function withoutTable(key: string, { changes }: Update): string {
  const lower = key.toLowerCase();
  const table = changes.find(({ table: { name } }) => lower.startsWith(`${name.toLowerCase()}.`))?.table.name;
  return table === undefined ? key : key.slice(table.length + 1);
}

/** `Data too long for column 'name' at row 1`; MariaDB quotes the whole path; a foreign key names its columns. */
function columnIn(message: string, table: TableDefinition | undefined): string | undefined {
  const quoted =
    /(?:column|field) '([^']+)'/i.exec(message)?.[1] ??
    /column `[^`]+`\.`[^`]+`\.`([^`]+)`/i.exec(message)?.[1] ??
    /FOREIGN KEY \(`([^`]+)`\)/.exec(message)?.[1];
  if (table === undefined || (quoted !== undefined && table.columns.has(quoted))) return quoted;
  // a name with quotes or dots in it
  const names = [...table.columns.keys()].sort((a, b) => b.length - a.length);
  const inQuotes = (name: string) => [`'${name}'`, `\`${name.replaceAll("`", "``")}\``];
  return names.find((name) => inQuotes(name).some((text) => message.includes(text))) ?? quoted;
}
