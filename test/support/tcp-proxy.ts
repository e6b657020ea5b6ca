import { openTcpProxy, type TcpProxy } from "../../src/local/tcp-proxy.ts";
import type { Scope } from "./servers.ts";

export type { TcpProxy };

/** A proxy before a port of this machine; everything ends when the scope does. The seed decides which connections are cut. */
export async function tcpProxy(scope: Scope, port: number, seed = 1): Promise<TcpProxy> {
  const proxy = await openTcpProxy(port, seed);
  scope.after(async () => proxy[Symbol.asyncDispose]());
  return proxy;
}
