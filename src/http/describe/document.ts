import { fastifySwagger } from "@fastify/swagger";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { OpenAPIV3_1 } from "openapi-types";
import type { HttpApp } from "../app.ts";
import type { SidecarParts } from "../parts.ts";
import { IF_NONE_MATCH } from "./conditional.ts";
import type { AnswerDescription, Content, ParameterDescription, RouteDescription } from "./description.ts";
import { everyProblem, problemAnswers, problemExamples, type RouteNature } from "./problems.ts";
import { answerSchemas, DESCRIPTIONS } from "./routes.ts";
import { rowSchemas } from "./row-schemas.ts";
import { updateSchemas } from "./update-schemas.ts";

/** What the description is made from, beside the routes. */
export type Described = Pick<SidecarParts, "registry" | "limits" | "options">;
export type Document = OpenAPIV3_1.Document;
type Operation = Record<string, unknown>;

/**
 * Collects the routes that are registered from now on; `app.swagger()` then is their OpenAPI document: paths, queries and
 * headers from their zod schemas, bodies and answers from {@link DESCRIPTIONS}, and what is published from the tables.
 */
export async function describeRoutes(app: HttpApp, { registry, limits, options }: Described): Promise<void> {
  const open = new Set<string>();
  await app.register(fastifySwagger, {
    openapi: { ...ABOUT, openapi: "3.1.0" },
    convertConstToEnum: false,
    transform: (input) => {
      const { route, url, schema } = input;
      const key = `${String(route.method)} ${url}`;
      if (!Object.hasOwn(DESCRIPTIONS, key)) return { schema: { hide: true }, url };
      if (route.config?.public === true) open.add(key);
      return jsonSchemaTransform({ ...input, schema: schema ?? {} });
    },
    transformObject: (input) => {
      const document = (input as unknown as { openapiObject: Document }).openapiObject;
      describe(document, open);
      const schemas = {
        ...answerSchemas(),
        ...rowSchemas(registry),
        ...updateSchemas(registry, limits.changes, options.batchItems),
      } as Record<string, OpenAPIV3_1.SchemaObject>;
      const components = { ...document.components, schemas, examples: problemExamples() };
      return { ...document, components } as typeof document & object;
    },
  });
}

function describe({ paths = {} }: Document, open: ReadonlySet<string>): void {
  for (const [key, description] of Object.entries(DESCRIPTIONS)) {
    const [method = "", url = ""] = key.split(" ");
    const path = paths[url.replaceAll(/:(\w+)/g, "{$1}")] as Record<string, Operation> | undefined;
    const operation = path?.[method.toLowerCase()];
    const nature = {
      public: open.has(key),
      takesBody: method !== "GET",
      hasBody: description.body !== undefined,
    };
    if (operation === undefined) continue;
    const parameters = [...parametersOf(operation), ...moreParameters(description)];
    Object.assign(operation, operationOf(description, nature), parameters.length > 0 && { parameters });
  }
}

function parametersOf({ parameters }: Operation): readonly unknown[] {
  return Array.isArray(parameters) ? parameters : [];
}

function moreParameters({ parameters = [], answers }: RouteDescription): readonly ParameterDescription[] {
  return Object.hasOwn(answers, 304) ? [...parameters, IF_NONE_MATCH] : parameters;
}

function operationOf(route: RouteDescription, nature: RouteNature): Operation {
  const { operationId, description, body, answers, problems = [] } = route;
  const codes = [...everyProblem(nature), ...problems];
  const responses = Object.entries({ ...answers, ...problemAnswers(codes) });
  return {
    operationId,
    ...(description === undefined ? {} : { description }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, description: body.description, content: contentOf(body.content) } }),
    responses: Object.fromEntries(responses.map(([status, answer]) => [status, responseOf(answer)])),
    ...(nature.public ? { security: [] } : {}),
  };
}

function responseOf({ description, content, headers = {} }: AnswerDescription): Operation {
  const described = Object.entries(headers).map(([name, says]) => [
    name,
    { description: says, schema: { type: "string" } },
  ]);
  return {
    description,
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) }),
    ...(content === undefined ? {} : { content: contentOf(content) }),
  };
}

function contentOf(content: Readonly<Record<string, Content>>): Operation {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, examples }]) => [
      type,
      { schema, ...(examples === undefined ? {} : { examples }) },
    ]),
  );
}

const ABOUT: Pick<Document, "info" | "servers" | "tags" | "security" | "components"> = {
  info: {
    title: "rowpost",
    version: "1",
    summary: "Publishes small updates of rows, and tells what became of them",
    description:
      "Updates go to a Pub/Sub topic; a worker applies each exactly once and leaves a receipt in the same commit. Integers and decimals keep every digit: read them with a parser that does, or send and read them as texts where this document allows both.\n\nWhat reaches no route is a problem too: 404 `not_found`, 405 `method_not_allowed`, 408 `request_timeout`, 414 `uri_too_long`, 431 `headers_too_large`.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/", description: "This sidecar" }],
  tags: [
    { name: "updates", description: "Publishing updates, and their receipts" },
    { name: "rows", description: "Reading rows, and adding one by itself" },
    { name: "tables", description: "What updates may change" },
    { name: "dead letters", description: "The kept originals of rejected updates" },
    { name: "health", description: "What the process says of itself" },
  ],
  security: [{}, { apiKey: [] }, { bearer: [] }],
  components: {
    securitySchemes: {
      apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "With `AUTH=api-key`" },
      bearer: {
        type: "http",
        scheme: "bearer",
        description: "An API key with `AUTH=api-key`, a token of the issuer with `AUTH=oidc`",
      },
    },
  },
};
