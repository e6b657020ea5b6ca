import { number } from "./publish-pace.ts";
import type { InputRecord } from "./publish-record.ts";
import { type RefusedFile, type Refusal, refusalLine, refusalText } from "./publish-refused.ts";

/** So many refused records are shown; the file keeps them all. */
const SHOWN = 20;

/** Shows the first refused records of a run, and keeps all of them in a file if there is one. */
export class Refusals {
  readonly #name: string;
  readonly #file: RefusedFile | undefined;
  readonly #say: (line: string) => void;
  #count = 0;

  /** `name`: the input, as messages call it. */
  constructor(name: string, file: RefusedFile | undefined, say: (line: string) => void) {
    this.#name = name;
    this.#file = file;
    this.#say = say;
  }

  add(record: InputRecord, refusal: Refusal): void {
    this.#count += 1;
    if (this.#count <= SHOWN) {
      this.#say(refusalText(this.#name, record, refusal));
    }
    this.#file?.add(refusalLine(record, refusal));
  }

  /** Room in the file for more. */
  async room(): Promise<void> {
    await this.#file?.room();
  }

  /** Says how many were not shown. */
  end(): void {
    const more = this.#count - SHOWN;
    if (more > 0) {
      const where =
        this.#file === undefined ? "--refused FILE keeps them all" : `all are in ${this.#file.path}`;
      this.#say(`… ${number(more)} more; ${where}`);
    }
  }
}
