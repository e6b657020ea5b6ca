import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { CliError } from "./context.ts";
import { encodingFault } from "./publish-sniff.ts";

/** Bytes of one read from a file. */
const READ_BYTES = 256 * 1024;
/** The head is at least the first line, or this much of it. */
const HEAD_BYTES = 64 * 1024;

/** A file or standard input, opened. Closing it twice does no harm. */
export interface Input extends AsyncDisposable {
  /** As messages call it. */
  readonly name: string;
  /** Bytes in all; undefined when nobody knows before the end (a pipe, a device). */
  readonly size: number | undefined;
  /** The first bytes, without a byte order mark; still to come in `chunks`. */
  readonly head: Buffer;
  /** All bytes, without a byte order mark. Ends early when the signal is aborted; rejects with a CliError when it can't be read on. */
  readonly chunks: AsyncIterable<Buffer>;
}

/**
 * Opens `file`, or standard input for `-`. Rejects with a CliError (wrong use) when it can't be opened, or when its first
 * bytes show that it is not UTF-8. `command` is who reads it, for the error.
 */
export async function openInput(
  file: string,
  stdin: Readable,
  signal: AbortSignal,
  command = "publish",
): Promise<Input> {
  const name = file === "-" ? "standard input" : file;
  const size = file === "-" ? undefined : await sizeOf(file);
  const stream = file === "-" ? stdin : createReadStream(file, { highWaterMark: READ_BYTES });
  const bytes = readBytes(stream, name, signal);
  const head = await readHead(bytes).catch((error: unknown) => {
    throw error instanceof CliError ? new CliError(error.message, 2, { cause: error.cause }) : error;
  });
  const fault = encodingFault(head, command);
  if (fault !== undefined) {
    stream.destroy();
    throw new CliError(`${name} ${fault}`, 2);
  }
  const bom = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0;
  return {
    name,
    size,
    head: head.subarray(bom),
    chunks: headAndRest(head.subarray(bom), bytes),
    [Symbol.asyncDispose]: async () => {
      await bytes.return(undefined);
    },
  };
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) {
      throw new CliError(`${file} is a folder, not a file`, 2);
    }
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(openFault(file, error), 2, { cause: error });
  }
}

function openFault(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return `there is no file ${file}`;
    case "EACCES":
    case "EPERM":
      return `no permission to read ${file}`;
    default:
      return `cannot read ${file}: ${message}`;
  }
}

async function* readBytes(stream: Readable, name: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => stream.destroy();
  signal.addEventListener("abort", stop);
  if (signal.aborted) {
    stop();
  }
  try {
    for await (const chunk of stream) {
      yield typeof chunk === "string" ? Buffer.from(chunk) : (chunk as Buffer);
    }
  } catch (error) {
    if (!signal.aborted) {
      throw new CliError(openFault(name, error), 1, { cause: error });
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
}

async function readHead(bytes: AsyncGenerator<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let size = 0; size < HEAD_BYTES; ) {
    const { value, done } = await bytes.next();
    if (done === true) {
      break;
    }
    parts.push(value);
    size += value.length;
    if (value.includes("\n")) {
      break;
    }
  }
  return Buffer.concat(parts);
}

async function* headAndRest(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  if (head.length > 0) {
    yield head;
  }
  yield* rest;
}
