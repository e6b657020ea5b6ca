import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrokerOptions } from "../../src/local/broker/open-broker.ts";
import { freePort } from "../../src/local/free-port.ts";
import { ServerProcess } from "../../src/local/server-process.ts";
import { testFolder } from "./leg.ts";
import type { Scope } from "./servers.ts";

const PROGRAM = join(import.meta.dirname, "broker-program.ts");

/**
 * The built-in broker as a process of its own, to be stopped, killed and started again (then it is empty); ended when the scope
 * ends. Its faults are read and changed at `http://HOST/faults`.
 */
export async function brokerProcess(
  scope: Scope,
  options: Pick<BrokerOptions, "seed" | "faults"> = {},
): Promise<{ readonly host: string; readonly server: ServerProcess }> {
  const folder = await testFolder();
  const faults = join(folder, "faults.json");
  await writeFile(faults, JSON.stringify(options));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const server = new ServerProcess({
    name: "The built-in broker",
    command: [process.execPath, PROGRAM, String(port), faults],
    logFile: join(folder, "broker.log"),
    async ready() {
      await (await fetch(`http://${host}/`, { signal: AbortSignal.timeout(2_000) })).text();
    },
    startTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
    keepsNothing: true,
    cleanUp: () => rm(folder, { recursive: true, force: true }),
  });
  scope.after(() => server[Symbol.asyncDispose]());
  await server.start();
  return { host, server };
}
