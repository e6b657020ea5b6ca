import { syntaxFault } from "../messages/json-faults.ts";
import type { JsonValue } from "../messages/json-value.ts";
import { type JsonLimits, parseJson } from "../messages/parse-json.ts";
import { pointerTo } from "../messages/pointer.ts";
import type { Rejection } from "../messages/rejection.ts";
import { type Break, type Cutter, isBreak, type Piece } from "./publish-piece.ts";

/** One record of the input: a line, an element, a member or a row. */
export type InputRecord = {
  /** From 1; blank lines and a CSV's header are not counted. */
  readonly number: number;
  /** The line on which it begins, from 1. */
  readonly line: number;
  /** Offset in the input, in bytes, behind it. */
  readonly end: number;
  /** JSON pointer of the record in its file; "" where each line stands for itself. */
  readonly pointer: string;
  /** The name of the member whose value it is. */
  readonly name?: string;
  /** As it was written; undefined when it was too large to be kept. */
  readonly original: Original | undefined;
} & (
  | { readonly value: JsonValue; readonly fault?: undefined }
  | { readonly value?: undefined; readonly fault: Rejection }
);

/** The text of a record, and whether it is JSON. */
export interface Original {
  readonly bytes: Buffer;
  readonly json: boolean;
}

/** The records of an input, in its order; a {@link Break} is the last one, if there is any. */
export type InputRecords = AsyncGenerator<InputRecord | Break, void, undefined>;

/** How pieces stand in their file: each line for itself, or as parts of one JSON text. */
export type Standing = "lines" | "parts";

/**
 * Reads what a cutter cuts, losing no digit. A record that can't be read is one with a fault; only where it is part of
 * one JSON text and no JSON itself is the file broken, with the place.
 */
export async function* readRecords(
  chunks: AsyncIterable<Buffer>,
  cutter: Cutter,
  standing: Standing,
  limits: JsonLimits,
): InputRecords {
  let number = 0;
  const read = (piece: Piece | Break) => {
    number += 1;
    return isBreak(piece) ? piece : readPiece(piece, number, standing, limits);
  };
  for await (const piece of piecesOf(chunks, cutter)) {
    const record = read(piece);
    yield record;
    if (isBreak(record)) {
      return;
    }
  }
}

async function* piecesOf(chunks: AsyncIterable<Buffer>, cutter: Cutter): AsyncGenerator<Piece | Break> {
  for await (const chunk of chunks) {
    yield* cutter.push(chunk);
  }
  yield* cutter.end();
}

function readPiece(
  piece: Piece,
  number: number,
  standing: Standing,
  limits: JsonLimits,
): InputRecord | Break {
  const name = piece.name === undefined ? undefined : parseJson(piece.name, limits);
  if (name?.fault !== undefined) {
    return { line: piece.line, column: piece.column, reason: "the name in front of this is no JSON text" };
  }
  const key = name === undefined ? undefined : String(name.value);
  const at = {
    number,
    line: piece.line,
    end: piece.end,
    pointer: key === undefined && piece.index === undefined ? "" : pointerTo([key ?? piece.index ?? ""]),
    ...(key === undefined ? {} : { name: key }),
  };
  if (piece.bytes === undefined) {
    return { ...at, original: undefined, fault: tooLarge(piece.size, limits.dataBytes) };
  }
  const parsed = parseJson(piece.bytes, limits);
  if (parsed.fault === undefined) {
    return { ...at, original: { bytes: piece.bytes, json: true }, value: parsed.value };
  }
  const fault = placed(parsed.fault, piece, piece.bytes);
  if (standing === "parts" && fault.code === "malformed") {
    return brokenPart(fault, piece);
  }
  return { ...at, original: { bytes: piece.bytes, json: fault.code !== "malformed" }, fault };
}

/** A record that takes more memory than any update may, even if it were written with much blank space. */
export function tooLarge(size: number, limit: number): Rejection {
  const message = `The record has ${size} bytes; more than ${limit} are not even read.`;
  return { code: "too_large", rule: "max_bytes", message };
}

/** A syntax fault with its place in the file, which the reader of one piece does not know. */
interface PlacedRejection extends Rejection {
  readonly place?: { readonly line: number; readonly column: number; readonly reason: string };
}

function placed(fault: Rejection, piece: Piece, bytes: Buffer): PlacedRejection {
  if (fault.rule !== "syntax") {
    return fault;
  }
  const text = bytes.toString("utf8");
  const { line, column, reason } = syntaxFault(text, errorOf(text));
  const place = {
    line: piece.line + line - 1,
    column: line === 1 ? piece.column + column - 1 : column,
    reason,
  };
  return { ...fault, message: `The line is not JSON: ${reason} at column ${place.column}.`, place };
}

function brokenPart({ place, message }: PlacedRejection, { line, column }: Piece): Break {
  const sentence = message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
  return place ?? { line, column, reason: sentence };
}

function errorOf(text: string): unknown {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error;
  }
}
