import type { FaultRates } from "../local/broker/faults.ts";

/** How the broker misbehaves all the time. */
export const USUAL: FaultRates = {
  duplicates: { rate: 0.06 },
  reorders: { rate: 0.06, window: 500 },
  lateAcks: { rate: 0.02, delayMs: [50, 2_000] },
  lostAcks: { rate: 0.01 },
  earlyExpiries: { rate: 0.01, part: [0.02, 0.3] },
  resets: { rate: 0.001 },
  refusals: {
    publish: { rate: 0.002, length: [1, 5] },
    acknowledge: { rate: 0.002, length: [1, 5] },
  },
};

/** And how in a storm. */
export const STORM: FaultRates = {
  duplicates: { rate: 0.3 },
  reorders: { rate: 0.3, window: 2_000 },
  lateAcks: { rate: 0.1, delayMs: [100, 3_000] },
  lostAcks: { rate: 0.1 },
  earlyExpiries: { rate: 0.1, part: [0.01, 0.1] },
  resets: { rate: 0.02 },
  refusals: {
    publish: { rate: 0.05, length: [1, 20] },
    pull: { rate: 0.05, length: [1, 3] },
    acknowledge: { rate: 0.05, length: [1, 20] },
  },
  slowness: { latencyMs: [0, 50] },
};
