import { NODE_START, PLACE_KEPT, POD_START, PROCESS_START, SPARE_PLACES } from "./assumptions.ts";

/** Worker pods and the room for them: a pod waits for its node if there is no room, then for its image and its first commit. */
export class Fleet {
  readonly #random: () => number;
  /** When each pod is ready, in the order of their creation. */
  #readyAt: number[];
  #places: number;
  #crowdedAt = 0;

  constructor(replicas: number, random: () => number) {
    this.#random = random;
    this.#readyAt = Array.from({ length: replicas }, () => Number.NEGATIVE_INFINITY);
    this.#places = replicas + SPARE_PLACES;
  }

  get replicas(): number {
    return this.#readyAt.length;
  }

  ready(now: number): number {
    return this.#readyAt.filter((at) => at <= now).length;
  }

  /** Creates or removes pods; those that are not ready go first, then the newest, as a ReplicaSet does. */
  scale(now: number, replicas: number): void {
    while (this.replicas < replicas) {
      this.#readyAt.push(now + this.#wait() + POD_START + PROCESS_START);
    }
    this.#readyAt = this.#readyAt.sort((a, b) => a - b).slice(0, replicas);
  }

  /** Gives back room that nobody has needed for a while; to be called every second. */
  tidy(now: number): void {
    if (this.replicas + SPARE_PLACES >= this.#places) this.#crowdedAt = now;
    if (now - this.#crowdedAt >= PLACE_KEPT) this.#places = this.replicas + SPARE_PLACES;
  }

  #wait(): number {
    if (this.replicas < this.#places) return 0;
    this.#places = this.replicas + 1;
    return Math.round(NODE_START.from + this.#random() * (NODE_START.to - NODE_START.from));
  }
}
