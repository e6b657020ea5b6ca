import { z } from "zod";
import type { Principal } from "../messages/principal.ts";
import type { Column, TableDefinition } from "../tables/definition.ts";
import { valueJson } from "../tables/row-json.ts";
import type { Access } from "./access.ts";
import { answerJson } from "./answer-json.ts";
import type { HttpApp } from "./app.ts";
import { findTable } from "./find-table.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";

/** `GET /tables` and `GET /tables/{table}`: what updates may change, and what they must look like. */
export function tableRoutes(app: HttpApp, { registry, access }: SidecarParts): void {
  app.get("/tables", { schema: { tags: ["tables"], summary: "The tables" } }, (request, reply) => {
    const tables = [...registry.values()].filter(({ name }) => mayRead(access, request.principal, name));
    return answerJson(request, reply, JSON.stringify({ tables: tables.map(tableBody) }));
  });
  app.get(
    "/tables/:table",
    { schema: { tags: ["tables"], summary: "A table and the JSON Schema of its changes", params: Table } },
    (request, reply) => {
      const table = findTable(registry, request.params.table);
      access.mayRead(request.principal, table.name);
      const body = { ...tableBody(table), schema: table.jsonSchema() };
      return answerJson(request, reply, JSON.stringify(body));
    },
  );
}

const Table = z.object({ table: z.string().describe("A table's name") });

function mayRead(access: Access, principal: Principal, table: string): boolean {
  try {
    access.mayRead(principal, table);
    return true;
  } catch (error) {
    if (error instanceof HttpProblem && error.body.code === "forbidden") return false;
    throw error;
  }
}

function tableBody(table: TableDefinition): object {
  const { name, key, operations, version, columns, indexed } = table;
  return {
    name,
    key: key.map((column) => column.name),
    operations: [...operations],
    version: version?.name ?? null,
    columns: [...columns.values()].map((column) => columnBody(column, indexed)),
  };
}

/** `optional`: a row may be inserted without it; `default` is only there when it is known without the server. */
function columnBody(column: Column, indexed: ReadonlySet<string>): unknown {
  const { name, sqlType, nullable, optional, readOnly, generated, autoIncrement, defaultValue } = column;
  const known = optional && !generated && !autoIncrement && defaultValue !== undefined;
  return {
    name,
    type: sqlType,
    nullable,
    optional,
    ...(known ? { default: JSON.parse(valueJson(column, defaultValue)) as unknown } : {}),
    readOnly,
    generated,
    autoIncrement,
    indexed: indexed.has(name),
  };
}
