/** How finely time is cut, in milliseconds: what is due comes at most this much late, and never early. */
const TICK_MS = 5;

/** Something with a deadline; it may be in one place of the calendar at a time. Made for fields of a larger object. */
export interface Due {
  /** The tick in which it is due; -1: in none. */
  tick: number;
  previous: Due | undefined;
  next: Due | undefined;
  /** Its time has come; it is no longer in the calendar. */
  expire(): void;
}

/**
 * Deadlines by the million at O(1) each: a list for every tick in which something is due, a heap of those ticks, and one
 * timer for the first of them.
 */
export class Deadlines {
  readonly #lists = new Map<number, Due>();
  readonly #heap: number[] = [];
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  #timerTick = Number.POSITIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Puts it in, or moves it: due after `ms` milliseconds. */
  set(due: Due, ms: number): void {
    this.remove(due);
    const tick = Math.ceil((this.#now() + ms) / TICK_MS) + 1;
    const first = this.#lists.get(tick);
    due.tick = tick;
    due.next = first;
    if (first === undefined) push(this.#heap, tick);
    else first.previous = due;
    this.#lists.set(tick, due);
    if (tick < this.#timerTick) this.#wait(tick);
  }

  /** Takes it out; nothing happens when it is not in. */
  remove(due: Due): void {
    const { tick, previous, next } = due;
    if (tick < 0) return;
    if (next !== undefined) next.previous = previous;
    if (previous !== undefined) previous.next = next;
    else if (next !== undefined) this.#lists.set(tick, next);
    // The tick stays in the heap with an empty list; it is dropped when its time comes.
    else this.#lists.delete(tick);
    forget(due);
  }

  /** Expires all whose tick is over; the timer calls it, and tests with a clock of their own do. */
  run(): void {
    const present = Math.floor(this.#now() / TICK_MS);
    for (let tick = this.#heap[0]; tick !== undefined && tick <= present; tick = this.#heap[0]) {
      pop(this.#heap);
      for (let due = this.#lists.get(tick); due !== undefined; due = this.#lists.get(tick)) {
        this.remove(due);
        due.expire();
      }
    }
    this.#timerTick = Number.POSITIVE_INFINITY;
    while (this.#heap[0] !== undefined && !this.#lists.has(this.#heap[0])) pop(this.#heap);
    if (this.#heap[0] !== undefined) this.#wait(this.#heap[0]);
  }

  /** Nothing expires any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lists.clear();
    this.#heap.length = 0;
    this.#timerTick = Number.POSITIVE_INFINITY;
  }

  #wait(tick: number): void {
    clearTimeout(this.#timer);
    this.#timerTick = tick;
    const ms = Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(tick * TICK_MS - this.#now())));
    this.#timer = setTimeout(() => this.run(), ms);
  }
}

function forget(due: Due): void {
  due.tick = -1;
  due.previous = due.next = undefined;
}

function push(heap: number[], tick: number): void {
  let index = heap.length;
  heap.push(tick);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] as number;
    if (above <= tick) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = tick;
}

function pop(heap: number[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
    if ((heap[child] as number) >= last) break;
    heap[index] = heap[child] as number;
    index = child;
  }
  heap[index] = last;
}
