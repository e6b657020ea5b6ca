import type { Readable } from "node:stream";
import { type JournalLine, LONGEST_LINE, readJournalLine } from "../messages/journal.ts";
import { CliError } from "./context.ts";
import { printable } from "./printable.ts";
import { openInput } from "./publish-input.ts";
import { LineCutter } from "./publish-lines.ts";
import { isBreak } from "./publish-piece.ts";

/** Who hears what stands in a journal. */
export interface JournalReader {
  readonly stdin: Readable;
  /** Ends the reading early. */
  readonly signal: AbortSignal;
  note(line: Exclude<JournalLine, { kind: "lost" }>): void;
  /** Lines are missing before this line. */
  lost(lines: number, place: string): void;
  /** This line has no end, since a crash or a full disk came between. */
  torn(place: string): void;
}

/**
 * Reads a journal, or standard input for `-`, keeping no more than one line. Rejects with a CliError (wrong use) that names
 * file and line when it is none.
 */
export async function readJournal(file: string, reader: JournalReader): Promise<void> {
  await using input = await openInput(file, reader.stdin, reader.signal, "verify");
  const cutter = new LineCutter(LONGEST_LINE);
  const take = (pieces: ReturnType<LineCutter["push"]>) => {
    for (const piece of pieces) {
      if (isBreak(piece)) continue;
      takeLine(piece.bytes, printable(`${input.name}:${piece.line}`), reader);
    }
  };
  for await (const chunk of input.chunks) take(cutter.push(chunk));
  if (!reader.signal.aborted) take(cutter.end());
}

function takeLine(bytes: Buffer | undefined, place: string, reader: JournalReader): void {
  if (bytes === undefined) throw notOurs(place, `the line is longer than ${LONGEST_LINE} bytes`);
  const { line, torn, fault } = readJournalLine(bytes);
  if (torn) reader.torn(place);
  else if (fault !== undefined) throw notOurs(place, fault);
  else if (line.kind === "lost") reader.lost(line.lines, place);
  else reader.note(line);
}

function notOurs(place: string, fault: string): CliError {
  return new CliError(
    `${place}: this is no line of a journal, as publish --journal and PUBLISH_JOURNAL write it: ${fault}`,
    2,
  );
}
