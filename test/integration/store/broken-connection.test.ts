import assert from "node:assert/strict";
import { test } from "node:test";
import { openConnections } from "../../../src/store/open-connection.ts";
import { PooledConnection } from "../../../src/store/pooled-connection.ts";
import { sessionOf } from "../../../src/store/session.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

test("a ROLLBACK on a connection that has just ended is answered, although the pool closes it at the same time", async (t) => {
  const connections = await openConnections(await database(t));
  const inner = await connections.open();
  const one = new PooledConnection(inner, await sessionOf(inner), {
    release() {},
    readOnly() {},
    cutOff() {},
  });
  inner.emit("end");
  assert.equal(one.broken, true);
  const answered = new Promise((resolve) => one.query("rollback", [], resolve));
  await one.close();
  assert.equal(((await answered) as { readonly code?: string }).code, "PROTOCOL_CONNECTION_LOST");
});
