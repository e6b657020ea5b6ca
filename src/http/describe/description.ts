import type { JsonSchema } from "../../messages/share-columns.ts";
import type { ProblemCode } from "../problem.ts";

/**
 * What the API description says of a route beside its zod schemas, which speak of its path, query and headers: bodies come as
 * bytes and are read without digits lost, so no zod schema checks them.
 */
export interface RouteDescription {
  /** Unique, as a name in code: `publishUpdates`. */
  readonly operationId: string;
  /** Markdown; only what the summary does not say. */
  readonly description?: string;
  /** Parameters that no zod schema of the route names. */
  readonly parameters?: readonly ParameterDescription[];
  readonly body?: BodyDescription;
  /** The good answers, by status. */
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** What it refuses, beside what every route does ({@link everyProblem}); each has its status in `PROBLEMS`. */
  readonly problems?: readonly ProblemCode[];
}

/** A parameter as OpenAPI has it. */
export interface ParameterDescription {
  readonly name: string;
  readonly in: "query" | "header";
  readonly description: string;
  readonly schema: JsonSchema;
  readonly style?: "form";
  readonly explode?: boolean;
}

export interface BodyDescription {
  readonly description: string;
  /** By content type. */
  readonly content: Readonly<Record<string, Content>>;
}

export interface AnswerDescription {
  readonly description: string;
  /** By content type; absent: the answer has no body. */
  readonly content?: Readonly<Record<string, Content>>;
  /** Header → what it says. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Content {
  readonly schema: JsonSchema;
  /** By name. */
  readonly examples?: Readonly<Record<string, Example | Reference>>;
}

export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

/** To a component of the document. */
export interface Reference {
  readonly $ref: string;
}

/** Descriptions by route as it was registered: `GET /tables/:table/rows`. */
export type RouteDescriptions = Readonly<Record<string, RouteDescription>>;

/** A component of the document. */
export function ref(component: string): JsonSchema {
  return { $ref: `#/components/schemas/${component}` };
}

/** JSON of this schema. */
export function json(schema: JsonSchema, examples?: Content["examples"]): Record<string, Content> {
  return { "application/json": { schema, ...(examples === undefined ? {} : { examples }) } };
}
