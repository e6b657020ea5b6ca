const MOST = 50_000;

/** Which lease of which message was acknowledged: the last ones. An ack that is sent again is known by it. */
export class RecentAcks {
  readonly #leases = new Map<number, number>();

  add({ number, lease }: { readonly number: number; readonly lease: number }): void {
    this.#leases.set(number, lease);
    if (this.#leases.size <= MOST) return;
    const [oldest] = this.#leases.keys();
    if (oldest !== undefined) this.#leases.delete(oldest);
  }

  has({ number, lease }: { readonly number: number; readonly lease: number }): boolean {
    return this.#leases.get(number) === lease;
  }
}
