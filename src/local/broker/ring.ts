/** A queue with O(1) at both ends and by index; it grows by doubling, and gives its room back when it is empty. */
export class Ring<T> {
  #items: (T | undefined)[] = new Array(8).fill(undefined);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#items.length - 1);
    this.#length--;
    if (this.#length === 0 && this.#items.length > 1024) this.clear();
    return item;
  }

  /** The item at an index from the front; undefined outside. */
  at(index: number): T | undefined {
    if (index < 0 || index >= this.#length) return undefined;
    return this.#items[(this.#head + index) & (this.#items.length - 1)];
  }

  clear(): void {
    this.#items = new Array(8).fill(undefined);
    this.#head = this.#length = 0;
  }

  *[Symbol.iterator](): Generator<T> {
    for (let index = 0; index < this.#length; index++) yield this.at(index) as T;
  }

  #grow(): void {
    const size = this.#items.length;
    const items: (T | undefined)[] = new Array(size * 2).fill(undefined);
    for (let index = 0; index < this.#length; index++) {
      items[index] = this.#items[(this.#head + index) & (size - 1)];
    }
    this.#items = items;
    this.#head = 0;
  }
}
