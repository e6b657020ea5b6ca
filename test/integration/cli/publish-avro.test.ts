import assert from "node:assert/strict";
import { after, test } from "node:test";
import { topologyCommand } from "../../../src/cli/topology.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { registry } from "../../../src/tables/registry.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { runCommand } from "../../support/run-command.ts";
import { broker } from "../../support/servers.ts";
import { clientOf, freshName } from "../pubsub/topics.ts";
import { publishTarget } from "./publish-target.ts";

expectNoLeaks();
const shared = await broker({ after });
const decode = createDecoder(registry, { changes: 100, dataBytes: 1024 * 1024, depth: 64 });
const LIMIT = { timeout: 60_000 };
const ROWS = '{"id":9223372036854775807,"content":"é"}\n{"id":"x"}\n{"id":2,"application":{"n":[1.50]}}\n';

for (const encoding of ["JSON", "BINARY"] as const) {
  test(
    `publish writes ${encoding} for a topic with the schema, under the keys of the plain content`,
    LIMIT,
    async (t) => {
      const { publish, arrived, environment, keys } = await publishTarget(t, shared);
      const variables = { ...environment, PUBSUB_SUBSCRIPTION: freshName("worker") };
      const made = await runCommand(topologyCommand, ["apply", "--schema-encoding", encoding], {
        environment: variables,
      });
      assert.equal(made.code, 0, made.stderr);
      const run = await publish(["-", "--table", "toots", "--format", "ndjson"], { typed: ROWS });
      assert.equal(run.code, 1);
      assert.match(run.stderr, /: 2 sent, 1 refused, 0 failed in /);
      await arrived.until(() => arrived.deliveries.length === 2);
      for (const { data, attributes, messageId } of arrived.deliveries) {
        assert.equal(attributes["googclient_schemaencoding"], encoding);
        const decoded = decode({ data, attributes, messageId, publishedAt: new Date(0) });
        assert.equal(decoded.rejection, undefined);
        assert.ok(keys.has(`sha256:${decoded.fingerprint}`));
      }
    },
  );
}

test(
  "publish stops before the first record when the topic has another schema, and says which",
  LIMIT,
  async (t) => {
    const { publish, environment } = await publishTarget(t, shared);
    const client = clientOf(t, shared);
    const topic = environment["PUBSUB_TOPIC"] ?? "";
    const definition = JSON.stringify({
      type: "record",
      name: "Order",
      fields: [{ name: "n", type: "int" }],
    });
    await client.api.createSchema("orders", "AVRO", definition);
    const schema = `projects/${shared.project}/schemas/orders`;
    await client.api.topic(topic).setMetadata({ schemaSettings: { schema, encoding: "JSON" } });
    const run = await publish(["-", "--table", "toots", "--format", "ndjson"], { typed: ROWS });
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /it has the schema "orders" in project "[^"]+" \(Order\), which is not that of updates/,
    );
    assert.match(run.stderr, /0 sent/);
  },
);
