const SLAB_BYTES = 256 * 1024;
/** More than this gets memory of its own. */
const MOST_SHARED = 32 * 1024;

/** Memory for messages, cut from large pieces: a small Buffer of its own costs more than a message. */
export class Slab {
  #bytes = Buffer.alloc(0);
  #used = 0;

  /** Where `size` bytes may be written. A piece is freed when nothing in it is needed any more. */
  take(size: number): { readonly bytes: Buffer; readonly start: number } {
    if (size > MOST_SHARED) return { bytes: Buffer.allocUnsafeSlow(size), start: 0 };
    if (this.#used + size > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(SLAB_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return { bytes: this.#bytes, start };
  }
}
