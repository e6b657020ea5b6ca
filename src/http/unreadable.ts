import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { HttpApp } from "./app.ts";
import { HttpProblem, type ProblemCode, problemBody } from "./problem.ts";

/** What Node's parser says (node:http, "Event: 'clientError'"); anything else is a `bad_request`. */
const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
};

/** Answers what is no HTTP request, and so reaches no route, with a problem all the same; then the connection ends. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const body = problemBody(
    CODES[error.code ?? ""] ?? "bad_request",
    `The request can't be read: ${error.message}.`,
  );
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${body.status} ${body.title}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${text}`);
}

/** A request that expects what nobody knows is answered like any other (RFC 9110 section 10.1.1 leaves it to the server). */
export function passExpectations(app: HttpApp): void {
  (app.server as Server).on("checkExpectation", (request, response) => app.routing(request, response));
}

/** A request in HTTP/1.1 must name its host (RFC 9112 section 3.2). */
export function refuseHostless(app: HttpApp): void {
  app.addHook("onRequest", async ({ headers, raw }) => {
    if (headers.host === undefined && raw.httpVersion === "1.1")
      throw new HttpProblem("bad_request", "The request has no header Host, which HTTP/1.1 asks for.");
  });
}
