import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Ground } from "../ground.ts";
import { percentile } from "../results.ts";
import { ROWPOST_FLAGS } from "../run-candidate.ts";
import { openScene, type Scene } from "../scene.ts";
import { Child } from "./child.ts";
import type { LoadFigures, LoadJob, ServeFigures, ServeJob } from "./job.ts";

const here = (file: string) => join(import.meta.dirname, file);

/** One run of a server that takes updates. */
export interface PublishFigures {
  /** Updates confirmed a second. */
  readonly rate: number;
  /** Microseconds of the server's CPU for each. */
  readonly cpu: number;
  readonly peakMiB: number;
  readonly p99: number;
}

export interface WaitFigures {
  /** Of the answer and of the worker's commit, in milliseconds. */
  readonly answer: { readonly p50: number; readonly p99: number };
  readonly commit: { readonly p50: number; readonly p99: number };
}

export interface ProbeFigures {
  /** Updates that were offered and confirmed a second, and answers that were not 2xx. */
  readonly offered: number;
  readonly rate: number;
  readonly refused: number;
  /** Milliseconds until a probe was answered. */
  readonly livez: { readonly p50: number; readonly p99: number; readonly most: number };
  readonly readyz: { readonly p50: number; readonly p99: number; readonly most: number };
}

/** How long to measure, in seconds, and where profiles go. */
export interface HttpPace {
  readonly warmUp: number;
  readonly seconds: number;
  readonly profile?: string | undefined;
}

const CONNECTIONS = 64;
const WAITS_PER_SECOND = 100;
const PROBE_EVERY_MS = 20;
/** More connections than a server can answer at once: what is offered piles up before it. */
const OVERLOAD_CONNECTIONS = 256;

/** Publishes per second of one server: single updates over 64 connections. */
export async function publishing(
  ground: Ground,
  kind: "bare" | "sidecar",
  pace: HttpPace,
  signal: AbortSignal,
): Promise<PublishFigures> {
  await using scene = await openScene(ground);
  await using server = await serve(scene, kind, signal, pace.profile);
  await using client = sender(signal);
  const job = { url: server.url, connections: CONNECTIONS, rate: undefined, headers: {} };
  await client.ask({ ...job, seconds: pace.warmUp });
  await server.child.ask("begin");
  const { good, other, seconds, p99 } = await client.ask({ ...job, seconds: pace.seconds });
  const { cpuSeconds, peakMiB } = await server.child.ask<ServeFigures>("end");
  if (other > 0) throw new Error(`${other} requests were not answered with 2xx`);
  return { rate: good / seconds, cpu: (cpuSeconds * 1e6) / good, peakMiB, p99 };
}

/** How long `Prefer: wait` takes at 100 requests a second, and how long the worker took to commit the same updates. */
export async function waiting(ground: Ground, pace: HttpPace, signal: AbortSignal): Promise<WaitFigures> {
  await using scene = await openScene(ground);
  await using worker = await serve(scene, "worker", signal);
  await using server = await serve(scene, "sidecar", signal);
  await using client = sender(signal);
  const headers = { prefer: "wait=10" };
  const job = { url: server.url, connections: CONNECTIONS, rate: WAITS_PER_SECOND, headers };
  await client.ask({ ...job, seconds: pace.warmUp });
  await worker.child.ask("begin");
  const { other, p50, p99 } = await client.ask({ ...job, seconds: pace.seconds });
  const { latencies } = await worker.child.ask<ServeFigures>("end");
  if (other > 0) throw new Error(`${other} requests were not answered with 2xx`);
  const commit = { p50: percentile(latencies, 0.5) ?? 0, p99: percentile(latencies, 0.99) ?? 0 };
  return { answer: { p50, p99 }, commit };
}

/** How long probes wait while twice as many updates are offered as the server can take (`capacity` a second). */
export async function overload(
  ground: Ground,
  capacity: number,
  pace: HttpPace,
  signal: AbortSignal,
): Promise<ProbeFigures> {
  await using scene = await openScene(ground);
  await using server = await serve(scene, "sidecar", signal);
  await using client = sender(signal);
  const offered = Math.round(2 * capacity);
  const job = { url: server.url, connections: OVERLOAD_CONNECTIONS, rate: offered, headers: {} };
  await client.ask({ ...job, seconds: pace.warmUp });
  const ended = new AbortController();
  const probes = Promise.all(["/livez", "/readyz"].map((path) => probe(server.url + path, ended.signal)));
  const { good, other, seconds } = await client.ask({ ...job, seconds: pace.seconds });
  ended.abort();
  const [livez = [], readyz = []] = await probes;
  return { offered, rate: good / seconds, refused: other, livez: summed(livez), readyz: summed(readyz) };
}

async function serve(scene: Scene, kind: ServeJob["kind"], signal: AbortSignal, profile?: string) {
  const flags = kind === "bare" ? [] : ROWPOST_FLAGS;
  const child = new Child<ServeJob | "begin" | "end", unknown>(here("serve.ts"), flags, signal);
  const { database, pubsub } = scene.place;
  try {
    const { port } = await child.ask<{ port: number }>({ kind, database, pubsub, profile });
    return {
      url: `http://127.0.0.1:${port}`,
      child,
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    };
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}

function sender(signal: AbortSignal): Child<LoadJob, LoadFigures> {
  return new Child<LoadJob, LoadFigures>(here("send.ts"), [], signal);
}

/** Asks again and again until the signal is aborted; gives how long each answer took, ascending. */
async function probe(url: string, signal: AbortSignal): Promise<number[]> {
  const took: number[] = [];
  while (!signal.aborted) {
    const asked = performance.now();
    const answer = await fetch(url);
    await answer.text();
    took.push(performance.now() - asked);
    if (!answer.ok) throw new Error(`${url} answered ${answer.status} under load`);
    await delay(PROBE_EVERY_MS);
  }
  return took.sort((a, b) => a - b);
}

function summed(ascending: readonly number[]) {
  const at = (part: number) => percentile(ascending, part) ?? 0;
  return { p50: at(0.5), p99: at(0.99), most: ascending.at(-1) ?? 0 };
}
