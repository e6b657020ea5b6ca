/** An answer that is kept for a while; all who ask meanwhile get it, and all who ask while it is fetched wait for the same one. */
export class Kept<T> {
  readonly #fetch: () => Promise<T>;
  readonly #ms: number;
  #answer: Promise<T> | undefined;
  #until = Number.POSITIVE_INFINITY;

  /** `fetch` is not called again for `ms` after it has answered; a rejection is not kept. */
  constructor(fetch: () => Promise<T>, ms: number) {
    this.#fetch = fetch;
    this.#ms = ms;
  }

  get(): Promise<T> {
    if (this.#answer !== undefined && performance.now() < this.#until) return this.#answer;
    this.#until = Number.POSITIVE_INFINITY;
    this.#answer = this.#fetch().then(
      (value) => {
        this.#until = performance.now() + this.#ms;
        return value;
      },
      (error: unknown) => {
        this.#answer = undefined;
        throw error;
      },
    );
    return this.#answer;
  }
}
