import { contentKey, idempotencyKey } from "../messages/idempotency-key.ts";
import { quote } from "../messages/quote.ts";
import type { Rejection } from "../messages/rejection.ts";
import type { Fingerprint, IdempotencyKey } from "../messages/update.ts";
import { uuidV7 } from "../messages/uuid-v7.ts";
import { Occurrences } from "./publish-occurrences.ts";

/** Occurrences are counted anew after this many records, which bounds the memory of it to 75 MB. */
export const SECTION_RECORDS = 2_000_000;

/** How records get their idempotency keys. */
export interface KeyPlan {
  /** Put before each key, so that the same file can be sent once under each prefix. */
  readonly prefix: string;
  /** A new UUIDv7 for each record that brings no key of its own, instead of one made from its content. */
  readonly random: boolean;
}

/** What a record brings to its key. */
export interface Keyed {
  /** Of its record, from 1. */
  readonly number: number;
  readonly fingerprint: Fingerprint;
  /** The key that is written in the record. */
  readonly written: string | undefined;
}

/** The key, or why what was written is none. */
export type KeyChoice =
  | { readonly key: IdempotencyKey; readonly rejection?: undefined }
  | { readonly key?: undefined; readonly rejection: Rejection };

/**
 * Gives records their idempotency keys. A key that is written in the record is taken as it is. Otherwise it is made from
 * the content: `sha256:` and the fingerprint of the update (SHA-256 of the canonical JSON of its changes, see
 * `fingerprintOf`), and for the n-th record of the same content `:n`, from the second on. So the same file gives the same
 * keys each time and nothing of it is applied twice, while a line that stands twice in it counts twice; and lines may be
 * put in, taken out and corrected without changing the keys of others.
 *
 * Occurrences are counted within sections of {@link SECTION_RECORDS} records; behind the first, the key ends with
 * `:section.n`. Records must come in their order from the first on, also those that are not sent again.
 */
export class RecordKeys {
  readonly #plan: KeyPlan;
  readonly #sectionRecords: number;
  readonly #occurrences = new Occurrences();
  #section = 0;

  constructor(plan: KeyPlan, sectionRecords = SECTION_RECORDS) {
    this.#plan = plan;
    this.#sectionRecords = sectionRecords;
  }

  choose(record: Keyed): KeyChoice {
    const text = this.#plan.prefix + (record.written ?? this.#made(record));
    const key = idempotencyKey(text);
    return key === undefined ? { rejection: badKey(text) } : { key };
  }

  #made({ number, fingerprint }: Keyed): string {
    if (this.#plan.random) {
      return uuidV7();
    }
    const section = Math.floor((number - 1) / this.#sectionRecords);
    if (section !== this.#section) {
      this.#section = section;
      this.#occurrences.clear();
    }
    const count = this.#occurrences.count(fingerprint);
    const place = section > 0 ? `:${section}.${count}` : count > 1 ? `:${count}` : "";
    return contentKey(fingerprint) + place;
  }
}

function badKey(text: string): Rejection {
  const message = `The idempotency key ${quote(text)} must have 1 to 255 printable ASCII characters and no space at either end.`;
  return { code: "invalid", rule: "idempotency_key", message };
}
