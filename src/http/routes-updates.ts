import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { idempotencyKey } from "../messages/idempotency-key.ts";
import { readReceipt, readRejections } from "../store/receipt-read.ts";
import { sendProblem } from "./answer-error.ts";
import { answerJson } from "./answer-json.ts";
import type { HttpApp } from "./app.ts";
import { askDatabase } from "./ask-database.ts";
import type { SidecarParts } from "./parts.ts";
import type { Sender } from "./outbox.ts";
import { preferredWait } from "./prefer.ts";
import { HttpProblem } from "./problem.ts";
import { send, type Sent, type Waiting } from "./publish.ts";
import { checkItem, headerKey } from "./publish-item.ts";
import { readItems, type ReadItem } from "./read-items.ts";
import { receiptBody } from "./receipt-body.ts";

/** `POST /updates` and `GET /updates/{key}`. */
export function updateRoutes(app: HttpApp, parts: SidecarParts): void {
  app.post(
    "/updates",
    { schema: { tags: ["updates"], summary: "Publish updates", headers: Headers } },
    (request, reply) => publish(request, reply, parts),
  );
  app.get(
    "/updates/:key",
    { schema: { tags: ["updates"], summary: "The receipt of an update", params: KeyParameter } },
    async (request, reply) =>
      answerJson(request, reply, JSON.stringify(await receiptOf(request.params.key, parts))),
  );
}

/** The header that names an update. */
export const KeyHeader = z.looseObject({
  "idempotency-key": z
    .string()
    .optional()
    .describe("The update's idempotency key, bare or as a quoted string"),
});
const Headers = KeyHeader.extend({
  prefer: z.string().optional().describe("wait=N: wait up to N seconds for the receipt"),
});
const KeyParameter = z.object({ key: z.string().describe("An idempotency key") });

async function publish(request: FastifyRequest, reply: FastifyReply, parts: SidecarParts): Promise<unknown> {
  const { headers } = request;
  const read = () => readItems(request.body, headers["content-type"], parts);
  const { single, items } = await parts.turns.run(read);
  const key = headerKey(headers["idempotency-key"]);
  if (key !== undefined && !single) throw keyForMany();
  const seconds = parts.database.configured ? preferredWait(headers["prefer"], parts.options.longestWait) : 0;
  const waiting = seconds > 0 ? { ms: seconds * 1000, signal: goneSignal(reply) } : AT_ONCE;
  if (seconds > 0) reply.header("preference-applied", `wait=${seconds}`);
  const results = await Promise.all(items.map((item) => sendItem(item, key, request, parts, waiting)));
  const [only] = results;
  return single && only !== undefined ? answerOne(reply, only) : answerMany(reply, results);
}

async function sendItem(
  item: ReadItem,
  key: string | undefined,
  sender: Sender,
  parts: SidecarParts,
  waiting: Waiting,
): Promise<Sent> {
  const { value, problem } = item;
  const checked =
    problem === undefined
      ? await parts.turns.run(() => checkItem(value, key, sender.principal, parts))
      : { problem };
  if (checked.problem === undefined) return send(parts, checked.message, sender, waiting);
  parts.metrics.countUpdate(checked.problem.code);
  return checked.problem;
}

function answerOne(reply: FastifyReply, sent: Sent): unknown {
  if ("code" in sent && sent.status >= 400) {
    if (sent.status === 503) reply.header("retry-after", RETRY_SECONDS);
    return sendProblem(reply, sent as Extract<Sent, { title: string }>);
  }
  if ("location" in sent) reply.header("location", sent.location);
  return reply.status(sent.status).send(sent);
}

/** Each item with its own status; 207 when they are not all the same good one (RFC 4918, "207 Multi-Status"). */
function answerMany(reply: FastifyReply, results: readonly Sent[]): unknown {
  const [first] = results;
  const same = results.every(({ status }) => status === first?.status);
  const status = same && first !== undefined && first.status < 400 ? first.status : 207;
  if (results.some((sent) => sent.status === 503)) reply.header("retry-after", RETRY_SECONDS);
  return reply.status(status).send({ results });
}

const RETRY_SECONDS = "5";

/** Aborted when the client has gone without its answer. */
export function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (reply.raw.destroyed) gone.abort(GONE);
  // Every answer ends with this event; an abort without a reason would make an error with a stack each time.
  reply.raw.once("close", () => gone.abort(GONE));
  return gone.signal;
}

const GONE = "the client has gone";
const AT_ONCE: Waiting = { ms: 0, signal: new AbortController().signal };

function keyForMany(): HttpProblem {
  const detail =
    "The header Idempotency-Key names one update; give each of a list its own member idempotencyKey.";
  return new HttpProblem("bad_request", detail, { members: { pointer: "/header/idempotency-key" } });
}

async function receiptOf(written: string, { database }: SidecarParts): Promise<unknown> {
  const key = idempotencyKey(written);
  const receipt = await askDatabase(database, (store) =>
    key === undefined ? Promise.resolve(undefined) : readReceipt(store, key),
  );
  if (receipt === undefined)
    throw new HttpProblem("no_receipt", NO_RECEIPT, { members: { idempotencyKey: written } });
  const rejection =
    receipt.outcome === "rejected"
      ? await askDatabase(database, (store) => readRejections(store, [receipt]))
      : undefined;
  const why = rejection?.get(receipt.idempotencyKey);
  return { ...receiptBody(receipt), ...(why === undefined ? {} : { rejection: why }) };
}

const NO_RECEIPT =
  "There is no receipt of this key: its update may still be on its way, or its receipt is no longer kept, or it was never published.";
