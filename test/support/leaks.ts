import { after } from "node:test";
import { until } from "./until.ts";

/** What keeps a process alive: child processes, sockets, servers, timers. Files and the runner's own pipes are not counted. */
const KINDS = ["ProcessWrap", "TCPSocketWrap", "TCPServerWrap", "Timeout", "TLSWrap", "PipeServerWrap"];

/**
 * Ends a test file: fails it when it leaves open what would keep a process alive. Call it once, at the top of the file and
 * after the imports: hooks run in the order in which they were made, and the servers of `servers.ts` close first.
 */
export function expectNoLeaks(): void {
  const before = open();
  after(async () => {
    // Some things close a turn or two after their promise says so.
    await until("nothing left open", () => added(before).length === 0, {
      timeoutMs: 3_000,
      seen: () => added(before),
    });
  });
}

function open(): string[] {
  return process.getActiveResourcesInfo().filter((kind) => KINDS.includes(kind));
}

function added(before: readonly string[]): string[] {
  const left = [...before];
  return open().filter((kind) => {
    const index = left.indexOf(kind);
    if (index >= 0) {
      left.splice(index, 1);
    }
    return index < 0;
  });
}
