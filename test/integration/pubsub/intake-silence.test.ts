import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { PubSubClient } from "../../../src/pubsub/client.ts";
import { createIntake } from "../../../src/pubsub/intake.ts";
import { until } from "../../support/until.ts";
import { Recorder } from "./recorder.ts";
import { clientOf } from "./topics.ts";

// No expectNoLeaks() here: what the official client starts to wait for a connection, it ends up to 10 s after a close.

test("a broker that takes connections and never answers is a loss, told once however often it is tried", {
  timeout: 60_000,
}, async (t) => {
  const silent = createServer();
  const sockets = new Set<Socket>();
  silent.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    silent.close();
  });
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const client = clientOf(t, { project: "nowhere", host });
  let tries = 0;
  const counting: PubSubClient = {
    ...client,
    subscriber: () => {
      const subscriber = client.subscriber();
      const streamingPull = subscriber.streamingPull.bind(subscriber);
      subscriber.streamingPull = (options) => {
        tries += 1;
        return streamingPull(options);
      };
      return subscriber;
    },
  };
  const recorder = new Recorder();
  const intake = createIntake(counting, {
    subscription: "updates-worker",
    streams: 1,
    maxMessages: 10,
    maxBytes: 1_000_000,
    retryMs: { min: 100, max: 500 },
  });
  t.after(() => intake.close(0));
  intake.start(recorder);
  await recorder.until(() => recorder.losses.length === 1);
  assert.match(recorder.losses[0] ?? "", /does not answer for subscription "updates-worker"/);
  await until("a third try, so that the second has failed", () => tries === 3, { timeoutMs: 30_000 });
  assert.deepEqual([recorder.openings, recorder.losses.length], [0, 1]);
  await intake.close(1_000);
});
