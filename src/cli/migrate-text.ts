import type { MigrationCheck } from "../store/migration-check.ts";
import type { MigrationFailure } from "../store/migration-failure.ts";
import type { Observe } from "../store/migration-run.ts";
import type { MigrationStatus } from "../store/migration-status.ts";

/** Tells a run as it goes, a line for each migration and for each statement. */
export function progress(line: (text: string) => void): Observe {
  return (event) => {
    switch (event.kind) {
      case "waiting":
        return line(
          `waiting for another run to end (connection ${event.holder ?? "unknown"} holds the lock)`,
        );
      case "started": {
        const from = event.resumedAt === 0 ? "" : `, going on behind statement ${event.resumedAt}`;
        return line(`${event.direction} ${event.name}: ${count(event.steps, "statement")}${from}`);
      }
      case "step":
        return line(`  ${event.step} ${shortened(event.statement)}`);
      case "ran":
        return undefined;
      case "recorded":
        return line(`up ${event.name}: its tables are there already; recorded, not run`);
      case "finished":
        return line(`  done in ${(event.ms / 1000).toFixed(1)} s`);
      default:
        return event satisfies never;
    }
  };
}

/** What failed, where, and what to do next. */
export function failureText(failure: MigrationFailure, folder: string): string {
  const { name, direction, step, steps, statement, reason } = failure;
  const place = step === undefined ? name : `${name} at statement ${step} of ${steps}`;
  const lines = [`${direction} of ${place} failed: ${reason}`];
  if (statement !== undefined) lines.push(`  ${shortened(statement)}`);
  if (step !== undefined && step > 1) {
    lines.push(`Behind it lie ${count(step - 1, "statement")} of this migration that took effect and stay.`);
  }
  lines.push(advice(failure, `${folder}/${name}.ts`));
  return lines.join("\n");
}

function advice({ kind, errno, direction, step }: MigrationFailure, file: string): string {
  const again = `run \`rowpost migrate ${direction}\` again: it goes on ${step === undefined ? "here" : "at this statement"}`;
  if (kind === "lost") return `The server may still have finished the statement; ${again} and finds out.`;
  if (kind === "not_run") return `Then ${again}.`;
  if (errno === 1205)
    return `Another session keeps the table or its rows locked: end its transaction, then ${again}.`;
  if (errno === 1142 || errno === 1044 || errno === 1227) {
    return `DB_USER may not do this: grant it the privilege, then ${again}.`;
  }
  return `Remove the cause, or correct this statement in ${file}, then ${again}.`;
}

const STATES: Readonly<Record<MigrationStatus["state"], string>> = {
  pending: "pending",
  executed: "executed",
  half_done: "half done",
  half_taken_back: "half back",
  no_file: "no file",
};

/** A line for each migration: its state, when it was executed (UTC), its name, and by whom; and what is breaking of it. */
export function statusLines(status: readonly MigrationStatus[]): string[] {
  if (status.length === 0) return ["no migrations"];
  const width = Math.max(...status.map(({ name }) => name.length));
  return status.flatMap((one) => {
    const half = one.state === "half_done" || one.state === "half_taken_back";
    const when = half ? count(one.stepsDone, "statement") : (one.executedAt?.slice(0, 19) ?? "");
    const line = `${STATES[one.state].padEnd(10)} ${when.padEnd(19)}  ${one.name.padEnd(width)}  ${who(one)}`;
    return [line.trimEnd(), ...(one.breaking === undefined ? [] : [`  breaking: ${one.breaking}`])];
  });
}

function who({ state, runBy, host, version, tookMs }: MigrationStatus): string {
  if (state === "pending") return "";
  if (runBy === undefined) return "by whom and how long was not recorded";
  const seconds = ((tookMs ?? 0) / 1000).toFixed(1);
  return `${seconds} s, by ${runBy} on ${host ?? "unknown"}, rowpost ${version ?? "unknown"}`;
}

/** What is in order and what is not, with the way out. */
export function checkLines({ missing, pending, unknown, drift }: MigrationCheck): string[] {
  return [
    ...section(
      "definitions",
      missing,
      "in no migration (`rowpost migrate create` writes one)",
      "all in the migrations",
    ),
    ...section("migrations", pending, "pending (`rowpost migrate up` runs them)", "all executed"),
    ...(unknown.length === 0 ? [] : section("database", unknown, "executed and without a file", "")),
    ...(drift === undefined
      ? ["tables: not compared, as the above explains differences"]
      : section(
          "tables",
          drift,
          "unlike the definitions (someone changed them by hand)",
          "as the definitions say",
        )),
  ];
}

function section(title: string, found: readonly string[], bad: string, good: string): string[] {
  if (found.length === 0) return [`${title}: ${good}`];
  return [`${title}: ${found.length} ${bad}`, ...found.map((item) => `  ${item}`)];
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** A statement on one line, cut behind 100 characters. */
function shortened(statement: string): string {
  const line = statement.replace(/\s+/g, " ");
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`;
}
