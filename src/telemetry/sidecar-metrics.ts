import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type Exposition, expose } from "./exposition.ts";
import { type ProcessUsage, processMetrics } from "./process-metrics.ts";

export interface SidecarMetricsOptions {
  readonly version: string;
  /** `process`, of which only the door may know. */
  readonly process: ProcessUsage;
}

/** What is read at each scrape. */
export interface SidecarSources {
  /** Updates on their way to the broker, and the bytes of their data. */
  pending(): { readonly messages: number; readonly bytes: number };
  /** Who waits for a receipt, and how often receipts were looked up for them since the start. */
  waits(): { readonly size: number; readonly lookups: number };
}

/** One request that has been answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never the path that was asked for; undefined: there is no such route. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** A sidecar's metrics, in a registry of their own. Dispose ends the sampling of the event loop. */
export class SidecarMetrics implements Disposable {
  readonly #registry = new Registry();
  readonly #process: Disposable;
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #seconds: Histogram<"method" | "route">;
  readonly #updates: Counter<"result">;
  readonly #lostLines: Counter;
  #sources: SidecarSources | undefined;

  constructor({ version, process }: SidecarMetricsOptions) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: "rowpost_http_requests_total",
      help: "Requests answered, by route and status.",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "rowpost_http_request_seconds",
      help: "Time from a request's arrival to the end of its answer, waiting for receipts included.",
      labelNames: ["method", "route"],
      buckets: REQUEST_SECONDS,
      registers,
    });
    this.#updates = new Counter({
      name: "rowpost_http_updates_total",
      help: "Updates that came over HTTP: published, or the code of what refused them.",
      labelNames: ["result"],
      registers,
    });
    this.#updates.inc({ result: "published" }, 0);
    this.#lostLines = lostLinesCounter(registers);
    this.#addSources(registers);
    const build = { name: "rowpost_build_info", help: "1, with what runs.", registers };
    new Gauge({ ...build, labelNames: ["version", "node"] }).set({ version, node: process.version }, 1);
    this.#process = processMetrics(this.#registry, process);
  }

  countRequest({ method, route = "none", status, seconds }: AnsweredRequest): void {
    this.#requests.inc({ method, route, status });
    this.#seconds.observe({ method, route }, seconds);
  }

  /** `result`: "published", or a problem's code, from its closed list. */
  countUpdate(result: string): void {
    this.#updates.inc({ result });
  }

  /** Lines that the journal's disk did not take. */
  countLostLines(lines: number): void {
    this.#lostLines.inc(lines);
  }

  /** From now on these are read at each scrape. */
  read(sources: SidecarSources): void {
    this.#sources = sources;
  }

  /** The metrics as text, in the format that the request's `Accept` header likes better. */
  async expose(accept?: string): Promise<Exposition> {
    return expose(await this.#registry.metrics(), accept);
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]();
  }

  #addSources(registers: Registry[]): void {
    const gauge = (name: string, help: string, read: (sources: SidecarSources) => number) => {
      const sources = () => (this.#sources === undefined ? 0 : read(this.#sources));
      new Gauge({ name: `rowpost_http_${name}`, help, registers, collect: collector(sources) });
    };
    gauge(
      "pending_messages",
      "Updates that the broker has not confirmed yet.",
      (of) => of.pending().messages,
    );
    gauge("pending_bytes", "Data of these updates, in bytes.", (of) => of.pending().bytes);
    gauge("waiters", "Updates whose receipts are waited for.", (of) => of.waits().size);
    const lookups = () => this.#sources?.waits().lookups ?? 0;
    new Counter({
      name: "rowpost_http_receipt_lookups_total",
      help: "Times that the receipts of all who wait were looked up.",
      registers,
      collect() {
        this.reset();
        this.inc(lookups());
      },
    });
  }
}

function lostLinesCounter(registers: Registry[]): Counter {
  const help =
    "Lines that the disk of PUBLISH_JOURNAL did not take; their updates were published all the same.";
  return new Counter({ name: "rowpost_http_journal_lost_lines_total", help, registers });
}

function collector(read: () => number): (this: Gauge) => void {
  return function collect() {
    this.set(read());
  };
}
