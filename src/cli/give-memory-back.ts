import { setFlagsFromString } from "node:v8";

/** How often it looks, in ms. */
const EVERY_MS = 5_000;

/** Idle: less than this share of one core since it last looked. */
const IDLE_SHARE = 0.05;

/** What is asked of the process, and done to it. */
export interface MemoryParts {
  /** CPU time of this process so far, in ms. */
  cpuMs(): number;
  /** Whether memory counts more than speed from now on. */
  save(memory: boolean): void;
}

/**
 * Lets V8 give memory back while the process is idle, which a third of it is after the start and after load. V8 waits for a
 * low rate of allocation to do that, but measures it in collections only, and an idle process makes none. So it is told, as a
 * browser tells it of a tab in the background: within 10 s it then collects, in small steps, and gives back what is free. A
 * busy process is left alone. Until it is disposed of.
 */
export function giveMemoryBack(parts: MemoryParts = ofProcess()): Disposable {
  let before = parts.cpuMs();
  let saving = false;
  const timer = setInterval(() => {
    const now = parts.cpuMs();
    const idle = now - before < EVERY_MS * IDLE_SHARE;
    before = now;
    if (idle !== saving) parts.save(idle);
    saving = idle;
  }, EVERY_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function ofProcess(): MemoryParts {
  return {
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    save: (memory) => setFlagsFromString(memory ? "--memory-saver-mode" : "--no-memory-saver-mode"),
  };
}
