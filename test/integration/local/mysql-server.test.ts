import assert from "node:assert/strict";
import test from "node:test";
import { expectNoLeaks } from "../../support/leaks.ts";
import { database } from "../../support/servers.ts";

expectNoLeaks();

test("a database of one's own is empty and speaks utf8mb4", async (t) => {
  const { query } = await database(t);
  assert.deepEqual(await query("SHOW TABLES"), []);
  const [row] = await query("SELECT '🦆' AS duck, 18446744073709551615 AS big");
  assert.deepEqual({ ...row }, { duck: "🦆", big: "18446744073709551615" });
});
