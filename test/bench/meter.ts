import { CpuProfile } from "./cpu-profile.ts";
import type { Figures, Job } from "./job.ts";
import { cpuSeconds, peakMiB } from "./server-cpu.ts";

/** Times and CPU at one moment. */
interface Moment {
  readonly at: number;
  readonly settled: number;
  readonly clientSeconds: number;
  readonly mysqlSeconds: number | undefined;
  readonly emulatorSeconds: number | undefined;
}

/** Measures one candidate, from inside its process: from the first delivery until as many as were sent are settled. */
export class Meter {
  readonly #job: Job;
  readonly #finished = Promise.withResolvers<Figures>();
  readonly #latencies: number[] = [];
  readonly #profile: CpuProfile | undefined;
  #first: Moment | undefined;
  #half: Moment | undefined;
  #settled = 0;
  #batches = 0;
  #batched = 0;

  constructor(job: Job) {
    this.#job = job;
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
    const { messages } = this.#job;
    if (this.#settled >= messages / 2) this.#half ??= this.#now();
    if (this.#settled >= messages && before < messages) {
      this.#finished.resolve(this.#figures());
      this.#profile?.stop();
    }
  }

  #begin(): Moment {
    this.#profile?.start();
    return this.#now();
  }

  #now(): Moment {
    const { user, system } = process.cpuUsage();
    const { mysql, emulator } = this.#job.pids;
    return {
      at: performance.now(),
      settled: this.#settled,
      clientSeconds: (user + system) / 1e6,
      mysqlSeconds: cpuSeconds(mysql),
      emulatorSeconds: cpuSeconds(emulator),
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
      emulatorCpu: perMessage(first.emulatorSeconds, last.emulatorSeconds, last.settled),
      peakMiB: peakMiB(),
      batches: this.#batches,
      meanBatch: this.#batches === 0 ? 0 : this.#batched / this.#batches,
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
