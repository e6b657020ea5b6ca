import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { PROBLEMS } from "../../src/http/problem.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { document, type Response, type Route, routesOf } from "./openapi.ts";

/** An answer as a test got it. */
export interface Got {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Says how an answer departs from the OpenAPI document; undefined: it is as described. */
export type AnswerCheck = (got: Got) => string | undefined;

const checks = new WeakMap<Registry, Promise<AnswerCheck>>();

/** The check of a sidecar with these tables; made once. */
export function answerCheck(registry: Registry): Promise<AnswerCheck> {
  const made = checks.get(registry) ?? makeCheck(registry);
  checks.set(registry, made);
  return made;
}

async function makeCheck(registry: Registry): Promise<AnswerCheck> {
  const described = await document(registry);
  const routes = routesOf(described);
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(described, "openapi.json");
  const compiled = new Map<string, ValidateFunction>();
  const faultOf = (where: readonly string[], value: unknown) => {
    const at = `openapi.json#${pointer(where)}`;
    const validate = compiled.get(at) ?? ajv.compile({ $ref: at });
    compiled.set(at, validate);
    return validate(value) ? undefined : ajv.errorsText(validate.errors?.slice(0, 5));
  };
  return (got) => {
    const [path = ""] = got.path.split("?");
    const route = routeOf(routes, got.method === "HEAD" ? "GET" : got.method, path);
    const fault =
      route === undefined || UNREAD.includes(got.status)
        ? elsewhere(got, faultOf)
        : ofRoute(got, route, faultOf);
    return (
      fault &&
      `${got.method} ${got.path.slice(0, 200)} → ${got.status} is not as described: ${fault}\n${got.text.slice(0, 500)}`
    );
  };
}

/** Given before a route is asked: the request did not come in time, or its path or headers are too long. */
const UNREAD: readonly number[] = [408, 414, 431];

type FaultOf = (where: readonly string[], value: unknown) => string | undefined;

function ofRoute(got: Got, { method, path, operation }: Route, faultOf: FaultOf): string | undefined {
  const response = operation.responses[String(got.status)];
  if (response === undefined) return `only ${Object.keys(operation.responses).join(", ")} are documented`;
  const type = mediaType(got);
  if (got.method === "HEAD" || (got.text === "" && response.content === undefined)) return undefined;
  if (type === undefined || !Object.hasOwn(response.content ?? {}, type)) return wrongType(type, response);
  if (!type.includes("json")) return undefined;
  const where = ["responses", String(got.status), "content", type, "schema"];
  return faultOf(["paths", path, method.toLowerCase(), ...where], JSON.parse(got.text));
}

function wrongType(type: string | undefined, { content = {} }: Response): string {
  return `the content type is ${type ?? "none"}, not ${Object.keys(content).join(" or ") || "none"}`;
}

/** What no route of the document answers: files of the page and of the description's reader, or a problem. */
function elsewhere(got: Got, faultOf: FaultOf): string | undefined {
  if (got.status < 400 || got.method === "HEAD") return undefined;
  if (mediaType(got) !== "application/problem+json") return "it is no problem";
  const problem = JSON.parse(got.text) as { code: keyof typeof PROBLEMS; status: number };
  if (PROBLEMS[problem.code]?.status !== got.status) return "the code does not belong to the status";
  return faultOf(["components", "schemas", "Problem"], problem);
}

function mediaType({ headers }: Got): string | undefined {
  return headers.get("content-type")?.split(";")[0]?.trim();
}

/** The route of a path as it was asked for: one that has it letter for letter comes before one with parameters. */
function routeOf(routes: readonly Route[], method: string, path: string): Route | undefined {
  const asked = path.replace(/(.)\/$/, "$1").split("/");
  return routes
    .filter((route) => route.method === method && fits(route.path.split("/"), asked))
    .sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
}

function fits(pattern: readonly string[], asked: readonly string[]): boolean {
  return (
    pattern.length === asked.length && pattern.every((part, i) => part.startsWith("{") || part === asked[i])
  );
}

function pointer(parts: readonly string[]): string {
  return parts
    .map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`)
    .join("");
}
