import { type RowpostProcess, startRowpost } from "./process.ts";
import type { Scope } from "./servers.ts";
import { until } from "./until.ts";

/** A sidecar as a process of its own. */
export interface SidecarProcess {
  readonly process: RowpostProcess;
  readonly url: string;
  readonly port: number;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
}

/** Starts `rowpost sidecar` and waits until it says where it is; killed when the scope ends. */
export async function startSidecar(
  t: Scope,
  environment: Readonly<Record<string, string>>,
): Promise<SidecarProcess> {
  const process = await startRowpost(t, ["sidecar"], environment);
  const where = async () => /"http":"([^"]+)"/.exec(await process.output())?.[1];
  // Two seconds on a machine that does nothing else.
  const url = await until("it says where it is", where, { timeoutMs: 30_000 });
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  };
  return { process, url, port: Number(new URL(url).port), metric };
}

/** `POST /updates` with this key. */
export function postUpdate(
  url: string,
  key: string,
  update: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/updates`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
    body: JSON.stringify(update),
  });
}
