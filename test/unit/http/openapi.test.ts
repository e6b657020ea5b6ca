import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Ajv2020 } from "ajv/dist/2020.js";
import { tablesCommand } from "../../../src/cli/tables.ts";
import { OPEN_ACCESS } from "../../../src/http/access.ts";
import { type AppOptions, createApp } from "../../../src/http/create-app.ts";
import { DESCRIPTIONS } from "../../../src/http/describe/routes.ts";
import { knownRoutes } from "../../../src/http/known-routes.ts";
import { addRoutes } from "../../../src/http/open-sidecar.ts";
import type { SidecarParts } from "../../../src/http/parts.ts";
import { registry } from "../../../src/tables/registry.ts";
import { document, routesOf } from "../../support/openapi.ts";
import { runCommand } from "../../support/run-command.ts";

const FOLDER = join(import.meta.dirname, "../../../schemas");

describe("the OpenAPI document", async () => {
  const described = await document();

  it("has no fault and no warning by the linter's recommended rules", async () => {
    const config = await createConfig({ extends: ["recommended"] });
    const source = JSON.stringify(described);
    const problems = await lintFromString({ source, absoluteRef: "/openapi.json", config });
    const told = problems.map(
      ({ severity, ruleId, message, location }) =>
        `${severity} ${ruleId}: ${message} ${location[0]?.pointer ?? ""}`,
    );
    assert.deepEqual(told, []);
  });

  it("is the one in schemas/: npm run schemas renews it", async () => {
    const run = await runCommand(
      (context) => tablesCommand(context, async () => registry, FOLDER),
      ["schemas", "--check"],
      { environment: {} },
    );
    assert.equal(run.stdout, "schemas/ is up to date\n");
  });

  it("describes each route, and only what is a route", async () => {
    const app = await createApp({ access: OPEN_ACCESS, bodyBytes: 1 } as AppOptions);
    const routes = knownRoutes(app);
    const parts = { registry, limits: { changes: 1 }, options: {}, access: OPEN_ACCESS };
    await addRoutes(app, parts as unknown as SidecarParts);
    await app.ready();
    await app.close();
    const shown = routes.filter(({ hidden, method }) => !hidden && method !== "HEAD" && method !== "OPTIONS");
    const names = shown.map(({ method, url }) => `${method} ${url}`).sort();
    assert.deepEqual(Object.keys(DESCRIPTIONS).sort(), names);
    assert.equal(routesOf(described).length, names.length);
  });

  it("has schemas that compile, and examples that they accept", () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(described, "openapi.json");
    const shared = Object.fromEntries(
      Object.entries(described.components?.examples ?? {}).map(([name, one]) => [
        name,
        "value" in one ? (one.value as unknown) : undefined,
      ]),
    );
    for (const { method, path, operation } of routesOf(described)) {
      const { requestBody, responses } = operation;
      const bodies = [
        ["requestBody", requestBody?.content] as const,
        ...Object.entries(responses).map(
          ([status, { content }]) => [`responses/${status}`, content] as const,
        ),
      ];
      for (const [where, content = {}] of bodies) {
        for (const [type, { examples = {} }] of Object.entries(content)) {
          const at = ["paths", path, method.toLowerCase(), ...where.split("/"), "content", type, "schema"];
          const validate = ajv.compile({ $ref: `openapi.json#${pointer(at)}` });
          for (const example of Object.values(examples)) {
            const value =
              "$ref" in example ? shared[String(example.$ref).split("/").at(-1) ?? ""] : example.value;
            assert.ok(validate(value), `${method} ${path} ${where}: ${ajv.errorsText(validate.errors)}`);
          }
        }
      }
    }
  });
});

function pointer(parts: readonly string[]): string {
  return parts
    .map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`)
    .join("");
}
