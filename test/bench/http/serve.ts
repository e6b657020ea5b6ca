import Fastify from "fastify";
import { assembleSidecar } from "../../../src/cli/assemble-sidecar.ts";
import { assembleWorker } from "../../../src/cli/assemble-worker.ts";
import { openPubSub, type PubSubClient } from "../../../src/pubsub/client.ts";
import { createPublisher } from "../../../src/pubsub/publisher.ts";
import { registryOf } from "../../../src/tables/registry.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { Metrics } from "../../../src/telemetry/metrics.ts";
import { observe } from "../../../src/worker/observe.ts";
import { configOf } from "../config-of.ts";
import { CpuProfile } from "../cpu-profile.ts";
import { peakMiB } from "../server-cpu.ts";
import { tables } from "../table.ts";
import type { ServeFigures, ServeJob } from "./job.ts";

/** What has been opened, the port that it listens on (0: none), and the latencies that it notes. */
interface Serving extends AsyncDisposable {
  readonly port: number;
  readonly latencies: number[];
}

const registry = registryOf(tables);
const log = createLog({ level: "error", destination: process.stderr });

/** The process behind `Child`: takes one job, says its port, measures from "begin" to "end". Without its parent it has no use. */
process.once("message", (job: ServeJob) => void run(job));
process.once("disconnect", () => process.exit(0));

async function run(job: ServeJob): Promise<void> {
  const { project, host } = job.pubsub;
  const client = openPubSub({ project, emulatorHost: host });
  const serving = await OPEN[job.kind](job, client);
  let begun = process.cpuUsage();
  const profile = job.profile === undefined ? undefined : new CpuProfile(job.profile);
  process.on("message", (word) => {
    if (word === "begin") {
      serving.latencies.length = 0;
      begun = process.cpuUsage();
      profile?.start();
      process.send?.("begun");
    } else {
      const { user, system } = process.cpuUsage(begun);
      profile?.stop();
      const latencies = serving.latencies.sort((a, b) => a - b);
      const figures: ServeFigures = { cpuSeconds: (user + system) / 1e6, peakMiB: peakMiB(), latencies };
      process.send?.(figures);
    }
  });
  process.send?.({ port: serving.port });
}

const OPEN: Readonly<Record<ServeJob["kind"], (job: ServeJob, client: PubSubClient) => Promise<Serving>>> = {
  bare: openBare,
  sidecar: openSidecar,
  worker: openWorker,
};

/** (e) What publishing over HTTP costs at least: the body is not looked at. */
async function openBare({ pubsub }: ServeJob, client: PubSubClient): Promise<Serving> {
  const publisher = createPublisher(client, pubsub.topic);
  const app = Fastify({ logger: false });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    done(null, body);
  });
  app.post("/updates", async (request, reply) => {
    const messageId = await publisher.publish(request.body as Buffer, {});
    return reply.status(202).send({ messageId });
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as { port: number };
  return { port, latencies: [], [Symbol.asyncDispose]: async () => app.close() };
}

/** (f) The sidecar as `rowpost sidecar` runs it, with its defaults. */
async function openSidecar(job: ServeJob, client: PubSubClient): Promise<Serving> {
  const sidecar = await assembleSidecar(configOf(job), registry, client, log);
  return { port: sidecar.port, latencies: [], [Symbol.asyncDispose]: () => sidecar.close() };
}

/** The worker as `rowpost worker` runs it; it notes how long after its publish each update was committed. */
async function openWorker(job: ServeJob, client: PubSubClient): Promise<Serving> {
  const metrics = new Metrics({ version: "bench", tables: registry.keys(), process });
  const latencies: number[] = [];
  const pulling = Promise.withResolvers<void>();
  const observer = observe(log, metrics);
  const { worker } = assembleWorker(configOf(job), registry, client, {
    ...observer,
    committed(committed) {
      observer.committed(committed);
      const now = Date.now();
      for (const { delivery } of committed.batch)
        latencies.push(Math.max(0, now - delivery.publishedAt.getTime()));
    },
    intake(name, reason) {
      observer.intake(name, reason);
      if (name === "updates" && reason === undefined) pulling.resolve();
    },
  });
  worker.start();
  await pulling.promise;
  return { port: 0, latencies, [Symbol.asyncDispose]: () => worker.stop() };
}
