import { assembleSidecar } from "../../src/cli/assemble-sidecar.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { registry as shipped } from "../../src/tables/registry.ts";
import type { Registry } from "../../src/tables/definition.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { answerCheck } from "./described.ts";
import { type Rig, rig } from "./rig.ts";
import type { Scope } from "./servers.ts";

/** An answer with its body read: `json` is undefined when it is none. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test says what it expects
  readonly json: any;
}

/** A running sidecar and how to ask it. */
export interface TestSidecar {
  readonly rig: Rig;
  readonly url: string;
  /** The lines that it logged. */
  readonly logged: string[];
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** A body that is no text or bytes is sent as JSON. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Rejects when the answer is not as the OpenAPI document describes it; `get` and `post` too. */
  request(path: string, init?: RequestInit): Promise<Answer>;
  close(): Promise<void>;
}

/** A migrated database, a topic, and a sidecar on them; `environment` amends the variables, all is gone after the test. */
export async function testSidecar(
  scope: Scope,
  environment: Readonly<Record<string, string>> = {},
  options: { readonly rig?: Rig; readonly registry?: Registry } = {},
): Promise<TestSidecar> {
  const on = options.rig ?? (await preparedRig(scope, environment));
  const config = configOf({ ...on.environment, PORT: "0", ...environment });
  const logged: string[] = [];
  const log = createLog({ level: config.logLevel, destination: { write: (line) => void logged.push(line) } });
  const sidecar = await assembleSidecar(config, options.registry ?? shipped, on.client, log);
  scope.after(() => sidecar.close());
  const url = `http://127.0.0.1:${sidecar.port}`;
  const check = await answerCheck(options.registry ?? shipped);
  const request = async (path: string, init?: RequestInit) => {
    const answer = await answerOf(await fetch(`${url}${path}`, init));
    const fault = check({ method: init?.method ?? "GET", path, ...answer });
    if (fault !== undefined) throw new Error(fault);
    return answer;
  };
  return {
    rig: on,
    url,
    logged,
    request,
    get: (path, headers = {}) => request(path, { headers }),
    post: (path, body, headers = {}) =>
      request(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body:
          typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    close: () => sidecar.close(),
  };
}

/** A rig with the shipped tables and the topic. */
export async function preparedRig(
  scope: Scope,
  environment: Readonly<Record<string, string>> = {},
): Promise<Rig> {
  const on = await rig(scope, environment);
  await Promise.all([on.migrate(), on.topology()]);
  return on;
}

function configOf(environment: Readonly<Record<string, string>>): Config {
  const { config, faults } = readConfig(environment);
  if (config === undefined) throw new Error(faults.join("; "));
  return config;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: isJson && text !== "" ? (JSON.parse(text) as unknown) : undefined,
  };
}
