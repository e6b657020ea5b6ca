import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Faults } from "./faults.ts";

/** `GET /`: Ok. `GET /faults`: rates and counts as JSON. `PUT /faults`: other rates from now on, as JSON. */
export function controlRequests(faults: Faults): RequestListener {
  return (request, response) => {
    answer(faults, request, response).catch((error: unknown) => {
      response.writeHead(400).end(String(error));
    });
  };
}

async function answer(faults: Faults, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = `${request.method} ${request.url}`;
  if (asked === "PUT /faults") faults.rates = JSON.parse(await text(request));
  if (asked === "GET /") {
    response.writeHead(200, { "content-type": "text/plain" }).end("Ok\n");
  } else if (request.url === "/faults") {
    const { rates, counts } = faults;
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ rates, counts }));
  } else {
    response.writeHead(404).end();
  }
}
