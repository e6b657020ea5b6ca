/** Who publishes or asks, as its authentication named it. */
export interface Principal {
  /** 1 to 255 printable ASCII characters. */
  readonly name: string;
}

/** The principal of a sidecar that asks nobody (`AUTH=none`). */
export const ANYBODY: Principal = Object.freeze({ name: "anybody" });
