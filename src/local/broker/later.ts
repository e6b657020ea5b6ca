import type { Due } from "./deadlines.ts";

/** Does something when its time has come. */
export class Later implements Due {
  tick = -1;
  previous: Due | undefined = undefined;
  next: Due | undefined = undefined;
  readonly expire: () => void;

  constructor(expire: () => void) {
    this.expire = expire;
  }
}
