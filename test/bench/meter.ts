import { CpuProfile } from "./cpu-profile.ts";
import { type Figures, type Job, type Progress, sharedClock } from "./job.ts";
import { cpuSeconds, peakMiB } from "./server-cpu.ts";

/** Times and CPU at one moment. */
interface Moment {
  readonly at: number;
  readonly settled: number;
  readonly clientSeconds: number;
  readonly mysqlSeconds: number | undefined;
  readonly brokerSeconds: number | undefined;
}

/** Measures one candidate, from inside its process: from the first delivery until as many as were sent are settled. */
export class Meter {
  readonly #job: Job;
  readonly #finished = Promise.withResolvers<Figures>();
  readonly #latencies: number[] = [];
  readonly #profile: CpuProfile | undefined;
  readonly #tell: ((progress: Progress) => void) | undefined;
  #first: Moment | undefined;
  #half: Moment | undefined;
  #settled = 0;
  #batches = 0;
  #batched = 0;
  #retries = 0;
  #firstAt = 0;

  /** `tell` is called after each batch. */
  constructor(job: Job, tell?: (progress: Progress) => void) {
    this.#job = job;
    this.#tell = tell;
    this.#profile = job.profile === undefined ? undefined : new CpuProfile(job.profile);
  }

  /** Resolves when all is settled. */
  get finished(): Promise<Figures> {
    return this.#finished.promise;
  }

  /** A delivery is there. */
  received(): void {
    this.#first ??= this.#begin();
  }

  /** A transaction with many deliveries has committed. */
  batch(size: number): void {
    this.#batches += 1;
    this.#batched += size;
  }

  /** A transaction was not committed, and is tried again. */
  retried(): void {
    this.#retries += 1;
  }

  /** What was received at `receivedAt` (`performance.now()`) has just been committed. */
  committed(receivedAt: number): void {
    const after = this.#job.latencyAfterMs;
    if (after === undefined || receivedAt < (this.#first?.at ?? 0) + after) return;
    this.#latencies.push(performance.now() - receivedAt);
  }

  /** So many deliveries have been acknowledged. */
  settled(count: number): void {
    const before = this.#settled;
    this.#settled += count;
    const { messages, shared } = this.#job;
    this.#tell?.({ first: this.#firstAt, at: sharedClock(), settled: this.#settled });
    if (this.#settled >= messages / 2) this.#half ??= this.#now();
    if (shared !== true && this.#settled >= messages && before < messages) this.finish();
  }

  /** Nothing more is measured. */
  finish(): void {
    this.#finished.resolve(this.#figures());
    this.#profile?.stop();
  }

  #begin(): Moment {
    this.#profile?.start();
    this.#firstAt = sharedClock();
    return this.#now();
  }

  #now(): Moment {
    const { user, system } = process.cpuUsage();
    const { mysql, broker } = this.#job.pids;
    return {
      at: performance.now(),
      settled: this.#settled,
      clientSeconds: (user + system) / 1e6,
      mysqlSeconds: cpuSeconds(mysql),
      brokerSeconds: cpuSeconds(broker),
    };
  }

  #figures(): Figures {
    const last = this.#now();
    const first = this.#first ?? last;
    return {
      ...between(first, last),
      seconds: (last.at - first.at) / 1000,
      warm: between(this.#half ?? first, last),
      mysqlCpu: perMessage(first.mysqlSeconds, last.mysqlSeconds, last.settled),
      brokerCpu: perMessage(first.brokerSeconds, last.brokerSeconds, last.settled),
      peakMiB: peakMiB(),
      batches: this.#batches,
      meanBatch: this.#batches === 0 ? 0 : this.#batched / this.#batches,
      retries: this.#retries,
      latencies: this.#latencies.sort((a, b) => a - b),
    };
  }
}

function between(from: Moment, to: Moment): { readonly rate: number; readonly clientCpu: number } {
  const settled = to.settled - from.settled;
  return {
    rate: (settled * 1000) / (to.at - from.at),
    clientCpu: ((to.clientSeconds - from.clientSeconds) * 1e6) / settled,
  };
}

/** Microseconds. */
function perMessage(from: number | undefined, to: number | undefined, settled: number): number | undefined {
  return from === undefined || to === undefined ? undefined : ((to - from) * 1e6) / settled;
}
