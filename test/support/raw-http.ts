import { connect } from "node:net";

/** An answer to bytes that were sent as they are. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/**
 * Sends bytes that fetch would refuse to send, and reads one answer; the request has to ask for `connection: close`, or be one
 * after which the server closes. Rejects when the connection ends without an answer, or when none comes in `timeoutMs`.
 */
export async function rawRequest(
  url: string,
  bytes: Buffer | string,
  timeoutMs = 20_000,
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  const socket = connect({ host: hostname, port: Number(port) });
  const timer = setTimeout(() => socket.destroy(new Error(`no answer in ${timeoutMs} ms`)), timeoutMs);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  // Who refuses a body early closes while it is still being sent: the answer has come by then.
  socket.on("error", (error) => (chunks.length > 0 ? undefined : reject(error)));
  socket.on("close", () => resolve(Buffer.concat(chunks)));
  // Latin-1: each character is one byte.
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  try {
    return answerOf(await promise);
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function answerOf(received: Buffer): RawAnswer {
  const end = received.indexOf("\r\n\r\n");
  const [line = "", ...fields] = received.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3})/.exec(line)?.[1];
  if (status === undefined) throw new Error(`no answer: ${JSON.stringify(received.toString("latin1"))}`);
  const headers = new Headers();
  for (const field of fields) {
    const colon = field.indexOf(":");
    headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
  }
  const body = received.subarray(end + 4);
  const chunked = headers.get("transfer-encoding") === "chunked";
  return { status: Number(status), headers, text: (chunked ? unchunked(body) : body).toString("utf8") };
}

function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.subarray(at, end).toString("latin1"), 16);
    if (end < 0 || !(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
