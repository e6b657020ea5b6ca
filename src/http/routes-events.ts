import { z } from "zod";
import { recentReceipts } from "../store/receipt-recent.ts";
import type { HttpApp } from "./app.ts";
import { askDatabase } from "./ask-database.ts";
import { EventClients } from "./event-clients.ts";
import { LiveCounters } from "./live-counters.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";
import { receiptBody } from "./receipt-body.ts";

const CLIENTS = { most: 50, heartbeatMs: 15_000 };

/** `GET /receipts`, the newest; `GET /events`, what is going on, once a second, as server-sent events. */
export function eventRoutes(app: HttpApp, parts: SidecarParts): void {
  app.get(
    "/receipts",
    { schema: { tags: ["updates"], summary: "The newest receipts", querystring: ReceiptsQuery } },
    async ({ principal, query }) => {
      parts.access.mayOperate(principal);
      const receipts = await askDatabase(parts.database, (store) => recentReceipts(store, query.limit));
      return { receipts: receipts.map(({ id, ...receipt }) => ({ id, ...receiptBody(receipt) })) };
    },
  );
  streamRoute(app, parts);
}

const ReceiptsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many at the most"),
});

function streamRoute(app: HttpApp, parts: SidecarParts): void {
  const clients = new EventClients(CLIENTS);
  const counters = new LiveCounters(parts);
  let stop: (() => void) | undefined;
  let listening = 0;
  const gone = () => {
    listening -= 1;
    if (listening > 0) return;
    stop?.();
    stop = undefined;
  };
  app.get(
    "/events",
    {
      exposeHeadRoute: false,
      schema: {
        tags: ["health"],
        summary: "What is going on, once a second (server-sent events)",
        querystring: z.strictObject({}),
      },
    },
    (request, reply) => {
      parts.access.mayOperate(request.principal);
      const stream = clients.add(gone);
      if (stream === undefined) throw tooMany();
      listening += 1;
      stop ??= counters.listen((sample) => clients.send("counters", sample));
      // The connection ends with the stream, so that no stop waits for it to become idle.
      reply.headers({ "cache-control": "no-store", connection: "close", "x-accel-buffering": "no" });
      return reply.type("text/event-stream; charset=utf-8").send(stream);
    },
  );
  app.addHook("preClose", async () => {
    clients.close();
    counters.close();
  });
}

function tooMany(): HttpProblem {
  const detail = `${CLIENTS.most} clients read the events already; try again later.`;
  return new HttpProblem("overloaded", detail, { headers: { "retry-after": "10" } });
}
