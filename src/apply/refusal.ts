import type { Rejection } from "../messages/rejection.ts";
import type { Change, Update } from "../messages/update.ts";
import { databaseError, refusalCode } from "../store/trouble.ts";

/** What the server said, turned into what the publisher needs to know. `change` is the one that was refused, when known. */
export function refusal(error: unknown, update: Update, change?: Change): Rejection {
  const { errno, message } = databaseError(error);
  const culprit = change ?? (update.changes.length === 1 ? update.changes[0] : undefined);
  const code = refusalCode(error);
  const column = columnIn(message);
  const index = code === "data_refused" ? undefined : indexIn(message);
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

/** `Duplicate entry 'x' for key 't.name'`, `CONSTRAINT \`name\``, `Check constraint 'name'`. */
function indexIn(message: string): string | undefined {
  const key = /for key '(?:[^'.]+\.)?([^']+)'$/.exec(message)?.[1];
  return (
    key ?? /CONSTRAINT `([^`]+)`/i.exec(message)?.[1] ?? /Check constraint '([^']+)'/i.exec(message)?.[1]
  );
}

/** `Data too long for column 'name' at row 1`; MariaDB quotes the whole path; a foreign key names its columns. */
function columnIn(message: string): string | undefined {
  const quoted =
    /(?:column|field) '([^']+)'/i.exec(message)?.[1] ??
    /column `[^`]+`\.`[^`]+`\.`([^`]+)`/i.exec(message)?.[1];
  return quoted ?? /FOREIGN KEY \(`([^`]+)`\)/.exec(message)?.[1];
}
