import { isUtf8 } from "node:buffer";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { replayDeadLetter } from "../apply/replay-publish.ts";
import { SIGNATURE_ATTRIBUTE } from "../messages/principal.ts";
import { REJECTION_CODES } from "../messages/rejection.ts";
import { discardDeadLetters } from "../store/dead-letter-discard.ts";
import { DEAD_LETTER_STATES } from "../store/dead-letter-filter.ts";
import {
  countDeadLetters,
  type DeadLetterRecord,
  listDeadLetters,
  readDeadLetters,
} from "../store/dead-letter-read.ts";
import type { HttpApp } from "./app.ts";
import { askDatabase } from "./ask-database.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";
import { locationOf } from "./publish.ts";

/** `/dead-letters`: the kept originals of rejected updates, by page and one by one; replay and discard. */
export function deadLetterRoutes(app: HttpApp, parts: SidecarParts): void {
  listRoutes(app, parts);
  const params = z.object({ id: Id.describe("A dead letter's id") });
  app.get(
    "/dead-letters/:id",
    { schema: { tags: ["dead letters"], summary: "A dead letter with its original", params } },
    async (request) => {
      operating(request, parts);
      return letterBody(await letterOf(request.params.id, parts));
    },
  );
  app.post(
    "/dead-letters/:id/replay",
    {
      schema: {
        tags: ["dead letters"],
        summary: "Publish the original again, under its own key",
        params,
        querystring: ReplayQuery,
      },
    },
    (request, reply) => {
      operating(request, parts);
      return replay(reply, request.params.id, request.query.newKey === "true", parts);
    },
  );
  app.delete(
    "/dead-letters/:id",
    { schema: { tags: ["dead letters"], summary: "Delete a dead letter and its original", params } },
    (request, reply) => {
      operating(request, parts);
      return discard(reply, request.params.id, parts);
    },
  );
}

const Id = z.string().regex(/^\d{1,20}$/, "must be a number of up to 20 digits");

const ListQuery = z.strictObject({
  code: z.enum(REJECTION_CODES).optional().describe("Only those rejected with this code"),
  table: z.string().max(64).optional().describe("Only those rejected by this table"),
  state: z
    .enum(DEAD_LETTER_STATES)
    .optional()
    .describe("open: never replayed, or rejected again by the last replay; replayed: the others"),
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many at the most"),
  after: Id.optional().describe("The last id of the page before: next of its answer"),
});

const ReplayQuery = z.strictObject({
  newKey: z
    .enum(["true", "false"])
    .optional()
    .describe("true: another key, always the same one, if it can't be replayed under its own"),
});

function listRoutes(app: HttpApp, parts: SidecarParts): void {
  app.get(
    "/dead-letters/summary",
    {
      schema: {
        tags: ["dead letters"],
        summary: "How many dead letters there are of each code and table",
        querystring: z.strictObject({}),
      },
    },
    async (request) => {
      operating(request, parts);
      return { groups: await askDatabase(parts.database, (store) => countDeadLetters(store, {})) };
    },
  );
  app.get(
    "/dead-letters",
    {
      schema: {
        tags: ["dead letters"],
        summary: "Dead letters without their originals, the newest first",
        querystring: ListQuery,
      },
    },
    async (request) => {
      operating(request, parts);
      const { code, table, state, limit, after } = request.query;
      const filter = { codes: code && [code], tables: table === undefined ? undefined : [table], state };
      const page = { order: "newest", limit: limit + 1, after } as const;
      const found = await askDatabase(parts.database, (store) => listDeadLetters(store, filter, page));
      const deadLetters = found.slice(0, limit);
      return { deadLetters, next: found.length > limit ? (deadLetters.at(-1)?.id ?? null) : null };
    },
  );
}

function operating(request: FastifyRequest, { access }: SidecarParts): void {
  access.mayOperate(request.principal);
}

async function letterOf(id: string, { database }: SidecarParts): Promise<DeadLetterRecord> {
  const [letter] = await askDatabase(database, (store) => readDeadLetters(store, [id]));
  if (letter === undefined) throw noDeadLetter(id);
  return letter;
}

/**
 * The data as text where it is text, else as Base64: nothing of it is read, so it keeps every digit. The principal's signature
 * is left out: who has it could publish the update in that name again.
 */
function letterBody({ data, attributes: all, ...rest }: DeadLetterRecord): object {
  const { [SIGNATURE_ATTRIBUTE]: _, ...attributes } = all;
  const letter = { ...rest, attributes };
  return isUtf8(data)
    ? { ...letter, data: data.toString("utf8") }
    : { ...letter, dataBase64: data.toString("base64") };
}

async function replay(
  reply: FastifyReply,
  id: string,
  newKey: boolean,
  { database, outbox, replays }: SidecarParts,
): Promise<unknown> {
  const publisher = {
    publish: (data: Buffer, attributes: Readonly<Record<string, string>>) =>
      outbox.republish(data, attributes),
    refuses: (_error: unknown): _error is Error => false,
  };
  const rules = { ...replays, newKey, newKeyBy: "add ?newKey=true" };
  const { signal } = new AbortController();
  const replayed = await askDatabase(database, async (store) => {
    const [letter] = await listDeadLetters(store, { ids: [id] }, { order: "oldest", limit: 1 });
    if (letter === undefined) throw noDeadLetter(id);
    return replayDeadLetter({ store, publisher, rules, signal }, id);
  });
  if (replayed?.result !== "published")
    throw new HttpProblem("not_open", `Dead letter ${id} is not replayed: ${replayed?.reason}.`);
  const location = locationOf(replayed.key);
  return reply.status(202).header("location", location).send({ id, idempotencyKey: replayed.key, location });
}

async function discard(reply: FastifyReply, id: string, { database }: SidecarParts): Promise<unknown> {
  const { signal } = new AbortController();
  const deleted = await askDatabase(database, (store) => discardDeadLetters(store, { ids: [id] }, signal));
  if (deleted === 0) throw noDeadLetter(id);
  return reply.status(204).send();
}

function noDeadLetter(id: string): HttpProblem {
  const detail = `There is no dead letter ${id}: it has been discarded or purged, or never was.`;
  return new HttpProblem("no_dead_letter", detail);
}
