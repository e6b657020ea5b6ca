import { z } from "zod";
import type { HttpApp } from "./app.ts";

/** A route as it was registered. */
export interface KnownRoute {
  readonly method: string;
  /** With `:name` for a parameter. */
  readonly url: string;
  /** Not part of the API: the page's own files. */
  readonly hidden: boolean;
}

/** What is registered from now on, also those HEAD routes that Fastify makes of GET. Reads on as more is registered. */
export function knownRoutes(app: HttpApp): readonly KnownRoute[] {
  const known: KnownRoute[] = [];
  app.addHook("onRoute", ({ method, url, schema }) => {
    const hidden = schema?.hide === true;
    for (const one of [method].flat()) known.push({ method: one, url, hidden });
  });
  return known;
}

/** A route without a description of its query takes none: an unknown parameter is refused, as it is on the others. */
export function refuseUnknownQueries(app: HttpApp): void {
  app.addHook("onRoute", (route) => {
    const { schema, config } = route;
    if (config?.public === true || schema === undefined || schema.hide === true) return;
    schema.querystring ??= z.strictObject({});
  });
}

/** The methods that are answered on this path, in alphabetical order; none: there is nothing on it. */
export function methodsOn(path: string, routes: readonly KnownRoute[]): readonly string[] {
  const segments = segmentsOf(path);
  const methods = routes.filter(({ url }) => fits(segmentsOf(url), segments)).map(({ method }) => method);
  return [...new Set(methods)].sort();
}

/** What does not begin with a slash is one segment that no route of ours has. */
function segmentsOf(path: string): readonly string[] {
  if (!path.startsWith("/")) return [path];
  return path.split("/").slice(1, path.endsWith("/") ? -1 : undefined);
}

/** A `*` at the top, as CORS registers one for OPTIONS, is no path of its own. */
function fits(pattern: readonly string[], path: readonly string[]): boolean {
  if (pattern.at(-1) === "*") {
    const before = pattern.slice(0, -1);
    return before.length > 0 && path.length > before.length && fits(before, path.slice(0, before.length));
  }
  return (
    pattern.length === path.length && pattern.every((part, i) => part.startsWith(":") || part === path[i])
  );
}
