import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { isJsonObject, type JsonObject, type JsonValue } from "../messages/json-value.ts";
import type { TableDefinition } from "../tables/definition.ts";
import { sendProblem } from "./answer-error.ts";
import type { HttpApp } from "./app.ts";
import { findTable } from "./find-table.ts";
import type { SidecarParts } from "./parts.ts";
import { type Fault, HttpProblem, type ProblemBody } from "./problem.ts";
import { send, type Sent } from "./publish.ts";
import { checkItem, headerKey } from "./publish-item.ts";
import { readValue } from "./read-items.ts";
import { goneSignal, KeyHeader } from "./routes-updates.ts";

/** `POST /update/{table}`: a flat row, upserted by its key; waits for what becomes of it and says so in a sentence. */
export function flatRowRoutes(app: HttpApp, parts: SidecarParts): void {
  const params = z.object({ table: z.string().describe("A table's name") });
  app.post(
    "/update/:table",
    { schema: { tags: ["rows"], summary: "Add or update one row", params, headers: KeyHeader } },
    (request, reply) => upsert(request, reply, request.params.table, parts),
  );
}

async function upsert(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  parts: SidecarParts,
): Promise<unknown> {
  const table = findTable(parts.registry, name);
  const value = readValue(request.body, parts);
  if (!isJsonObject(value))
    throw new HttpProblem("invalid", "The body must be one row: a JSON object.", {
      members: { rule: "type", pointer: "" },
    });
  const key = headerKey(request.headers["idempotency-key"]);
  const { message, problem } = await parts.turns.run(() =>
    checkItem(changeOf(table, value), key, request.principal, parts),
  );
  if (problem !== undefined) {
    parts.metrics.countUpdate(problem.code);
    return sendProblem(reply, flattened(problem));
  }
  const waiting = {
    ms: parts.database.configured ? parts.options.flatRowWait * 1000 : 0,
    signal: goneSignal(reply),
  };
  return answer(reply, table, await send(parts, message, request, waiting));
}

/** The row as an upsert: its key's columns in `key`, the others in `set`. */
function changeOf(table: TableDefinition, row: JsonObject): JsonValue {
  const key: JsonObject = {};
  const set: JsonObject = {};
  for (const [column, value] of Object.entries(row)) {
    const group = table.key.some(({ name }) => name === column) ? key : set;
    Object.defineProperty(group, column, { value, enumerable: true, configurable: true, writable: true });
  }
  const some = Object.keys(set).length === 0 ? {} : { set };
  return { table: table.name, op: "upsert", key, ...some };
}

function answer(reply: FastifyReply, table: TableDefinition, sent: Sent): unknown {
  if ("title" in sent) {
    if (sent.status === 503) reply.header("retry-after", "5");
    return sendProblem(reply, flattened(sent));
  }
  reply.header("location", sent.location);
  if (sent.status === 202) {
    return reply
      .status(202)
      .send({ message: `${capital(table.name)} record accepted, not applied yet`, ...sent });
  }
  const { status: _, ...receipt } = sent;
  return reply
    .status(receipt.rowsInserted > 0 ? 201 : 200)
    .send({ message: sentence(table.name, receipt.outcome, receipt.rowsInserted > 0), ...receipt });
}

/** The words of the services before it, which their callers may look for: "Build record added successfully". */
function sentence(table: string, outcome: string, added: boolean): string {
  if (outcome !== "applied") return `No update needed for the ${singular(table)} record`;
  return `${capital(table)} record ${added ? "added" : "updated"} successfully`;
}

function singular(table: string): string {
  return /[^s]s$/.test(table) ? table.slice(0, -1) : table;
}

function capital(table: string): string {
  const word = singular(table);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Pointers lead into the row as it was sent: `/set/title` is `/title`. */
function flattened(problem: ProblemBody): ProblemBody {
  const flat = <T extends { readonly pointer?: string | undefined }>(one: T): T =>
    one.pointer === undefined ? one : { ...one, pointer: one.pointer.replace(/^\/(?:key|set)(?=\/|$)/, "") };
  return flat({ ...problem, errors: problem.errors?.map((fault: Fault) => flat(fault)) });
}
