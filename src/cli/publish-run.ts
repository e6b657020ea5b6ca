import type { Encode } from "../messages/encode.ts";
import { IDEMPOTENCY_KEY_ATTRIBUTE } from "../messages/idempotency-key.ts";
import type { Journal, Published } from "../messages/journal.ts";
import { isJsonObject } from "../messages/json-value.ts";
import type { Rejection } from "../messages/rejection.ts";
import type { Publisher } from "../pubsub/port.ts";
import { CliError } from "./context.ts";
import { type KeyPlan, RecordKeys } from "./publish-keys.ts";
import { type Break, isBreak } from "./publish-piece.ts";
import type { InputPlan } from "./publish-plan.ts";
import type { InputRecord } from "./publish-record.ts";
import type { Refusal } from "./publish-refused.ts";
import { WINDOW, Window } from "./publish-window.ts";

/** What a run works with. */
export interface RunWork {
  readonly input: InputPlan;
  readonly encode: Encode;
  /** undefined: the records are only judged. */
  readonly publisher: Publisher | undefined;
  /** Keeps what is sent; undefined: nobody does. */
  readonly journal?: Journal | undefined;
  readonly keys: KeyPlan;
  /** The first record to send; those before it are read, so that keys come out the same, and left. */
  readonly from: number;
  /** Aborted: no more is read, what is under way is finished. */
  readonly signal: AbortSignal;
  /** Told of each record that is not sent. */
  refused(record: InputRecord, refusal: Refusal): void;
  /** Awaited after each record: room for what `refused` was told. */
  room(): Promise<void>;
}

/** Why a run ended. */
export type Ending =
  | { readonly why: "end" }
  | { readonly why: "interrupted"; readonly signal: string }
  | { readonly why: "broken"; readonly place: Break }
  | { readonly why: "trouble"; readonly message: string };

/** What can be published of a record. */
type Judged =
  | {
      readonly update: Published;
      readonly data: Buffer;
      readonly attributes: Record<string, string>;
      readonly rejection?: undefined;
    }
  | { readonly rejection: Rejection };

/** One publishing of one input. The counts may be read while it runs. */
export class PublishRun {
  /** The last record that was read, and the bytes up to it. */
  read = 0;
  bytes = 0;
  /** Confirmed by the broker; when nothing is sent, found to be valid. */
  done = 0;
  refused = 0;
  /** Refused by the broker. */
  failed = 0;
  readonly #work: RunWork;
  readonly #keys: RecordKeys;
  readonly #window: Window<InputRecord> | undefined;

  constructor(work: RunWork) {
    this.#work = work;
    this.#keys = new RecordKeys(work.keys);
    this.#window =
      work.publisher &&
      new Window(
        work.publisher,
        WINDOW,
        work.from - 1,
        {
          confirmed: () => {
            this.done += 1;
          },
          refused: (record, { message }) => {
            this.failed += 1;
            work.refused(record, { code: "failed", message });
          },
        },
        work.journal,
      );
  }

  /** Every record up to this one is sent, or refused. */
  get settledUpTo(): number {
    return this.#window?.settledUpTo ?? this.read;
  }

  /** Records that are on their way, or were when trouble came: the broker may or may not have them. */
  get unconfirmed(): number {
    return this.#window?.open ?? 0;
  }

  /** Reads and sends to the end, or to what ends it early; resolves when nothing is under way any more. */
  async run(): Promise<Ending> {
    const ending = await this.#readAll().catch(troubleOf);
    await this.#window?.idle();
    const trouble = this.#window?.trouble;
    return trouble === undefined ? ending : { why: "trouble", message: trouble.message };
  }

  async #readAll(): Promise<Ending> {
    const { input, signal, room } = this.#work;
    for await (const record of input.records) {
      if (signal.aborted || this.#window?.trouble !== undefined) {
        break; // the end of what was read may be the middle of a record
      }
      if (isBreak(record)) {
        return { why: "broken", place: record };
      }
      await this.#take(record);
      await room();
    }
    return signal.aborted ? { why: "interrupted", signal: String(signal.reason) } : { why: "end" };
  }

  async #take(record: InputRecord): Promise<void> {
    const { from, keys } = this.#work;
    this.read = record.number;
    this.bytes = record.end;
    if (record.number < from) {
      if (!keys.random) {
        this.#judge(record); // so that it counts for the keys of the records behind it
      }
      return;
    }
    const judged = this.#judge(record);
    if (judged.rejection !== undefined) {
      this.refused += 1;
      this.#window?.pass(record.number);
      this.#work.refused(record, judged.rejection);
    } else if (this.#window === undefined) {
      this.done += 1;
    } else {
      await this.#window.send({ record, ...judged });
    }
  }

  #judge(record: InputRecord): Judged {
    const { input, encode } = this.#work;
    if (record.fault !== undefined) {
      return { rejection: placed(record.fault, record, record.fault.pointer) };
    }
    const shaped = input.shape.shape(record.value, record.name);
    if (shaped.fault !== undefined) {
      return { rejection: placed(shaped.fault, record, shaped.fault.pointer) };
    }
    const { message, rejection } = encode(shaped.update);
    if (rejection !== undefined) {
      return { rejection: placed(rejection, record, input.shape.pointer(rejection.pointer ?? "")) };
    }
    const { data, fingerprint } = message;
    const event = isJsonObject(shaped.update) && Object.hasOwn(shaped.update, "specversion");
    const written = shaped.key ?? (event ? message.key : undefined);
    const { key, rejection: badKey } = this.#keys.choose({ number: record.number, fingerprint, written });
    return badKey === undefined
      ? { update: { key, fingerprint }, data, attributes: { [IDEMPOTENCY_KEY_ATTRIBUTE]: key } }
      : { rejection: badKey };
  }
}

/** A disk that fails ends a run as a broker does; all other errors are thrown on. */
function troubleOf(error: unknown): Ending {
  if (error instanceof CliError && error.exitCode === 1) {
    return { why: "trouble", message: error.message };
  }
  throw error;
}

/** The rejection with a pointer into the file, where that is one JSON text, else into the record. */
function placed(rejection: Rejection, { pointer }: InputRecord, inside = ""): Rejection {
  const { pointer: _, ...rest } = rejection;
  const whole = pointer + inside;
  return whole === "" ? rest : { ...rest, pointer: whole };
}
