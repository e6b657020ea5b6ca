import { readConfig } from "../../src/config.ts";
import type { Document } from "../../src/http/describe/document.ts";
import { openApiDocument } from "../../src/http/print-openapi.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { registry as shipped } from "../../src/tables/registry.ts";

/** One operation of the document, as the tests read it. */
export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, MediaType>> };
  readonly responses: Readonly<Record<string, Response>>;
  readonly security?: readonly unknown[];
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface MediaType {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

/** An operation with its method, in capitals, and its path, with `{name}` for a parameter. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** The OpenAPI document of a sidecar with default limits. */
export async function document(registry: Registry = shipped): Promise<Document> {
  const { config, faults } = readConfig({});
  if (config === undefined) throw new Error(faults.join("; "));
  return openApiDocument({ registry, limits: config.limits, options: config.http });
}

export function routesOf({ paths = {} }: Document): readonly Route[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as unknown as Operation,
    })),
  );
}
