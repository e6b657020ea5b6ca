import { instantOrNull } from "./database-time.ts";
import { idLiteral } from "./dead-letter-filter.ts";
import { keyId } from "./key-id.ts";
import { hexLiteral, textLiteral } from "./literal.ts";
import type { Store, Transaction } from "./store.ts";

/** What a dead letter said of its replays before it was marked, so that the mark can be taken back. */
export interface ReplayMark {
  readonly id: string;
  /** The mark's own time as the server keeps it. */
  readonly at: string;
  readonly before: { readonly at: string | null; readonly outcome: string | null };
}

/** A mark; or why there is none: the dead letter is gone, or its key has a final receipt. */
export type Marked =
  | { readonly mark: ReplayMark; readonly gone?: undefined; readonly settled?: undefined }
  | { readonly gone: true; readonly mark?: undefined; readonly settled?: undefined }
  | { readonly settled: FinalReceipt; readonly mark?: undefined; readonly gone?: undefined };

/** A receipt that stands for ever: no update takes effect under its key again. */
export interface FinalReceipt {
  readonly outcome: string;
  /** 64 hexadecimal digits. */
  readonly fingerprint: string;
}

/** A dead letter to be marked, and the key under which it will be published. */
export interface Wanted {
  readonly id: string;
  readonly key: string;
}

/**
 * Counts a replay of each and clears the last one's outcome, all in one transaction. To be committed before the messages are
 * published: what the worker then notes comes after the mark in any case and is never overwritten.
 */
export function markReplays(store: Store, wanted: readonly Wanted[]): Promise<Map<string, Marked>> {
  return store.transaction(async (tx) => {
    const marked = new Map<string, Marked>(wanted.map(({ id }) => [id, { gone: true }]));
    const rows = await tx.select(
      "SELECT id,replayed_at,replay_outcome,UTC_TIMESTAMP(6) AS at FROM dead_letters" +
        ` WHERE id IN (${idList(wanted)}) ORDER BY id FOR UPDATE`,
    );
    const settled = await finalReceipts(tx, wanted);
    for (const row of rows) {
      const id = String(row["id"]);
      const before = {
        at: row["replayed_at"] as string | null,
        outcome: row["replay_outcome"] as string | null,
      };
      const receipt = settled.get(id);
      marked.set(
        id,
        receipt === undefined ? { mark: { id, at: String(row["at"]), before } } : { settled: receipt },
      );
    }
    const marks = [...marked.values()].flatMap(({ mark }) => mark ?? []);
    if (marks[0] !== undefined) {
      await tx.run(
        `UPDATE dead_letters SET replays=replays+1,replayed_at='${marks[0].at}',replay_outcome=NULL` +
          ` WHERE id IN (${idList(marks)})`,
      );
    }
    return marked;
  });
}

/**
 * Takes marks back after a publish that failed. An outcome noted meanwhile shows that the message got through after all: then
 * the mark stays. So does the time of a later mark.
 */
export async function unmarkReplays(store: Store, marks: readonly ReplayMark[]): Promise<void> {
  if (marks.length === 0) return;
  await store.transaction(async (tx) => {
    for (const { id, at, before } of marks.toSorted((a, b) => Number(BigInt(a.id) - BigInt(b.id)))) {
      const ours = `replayed_at='${at}'`;
      // The server assigns from left to right: the time, by which the mark is known, is put back last.
      await tx.run(
        `UPDATE dead_letters SET replays=replays-1,replay_outcome=IF(${ours},${orNull(before.outcome)},NULL),` +
          `replayed_at=IF(${ours},${orNull(before.at)},replayed_at)` +
          ` WHERE id=${idLiteral(id)} AND replay_outcome IS NULL AND replays>0`,
      );
    }
  });
}

/** The final receipts of these keys, by the dead letters' ids. */
export async function finalReceipts(
  tx: Pick<Transaction, "select">,
  wanted: readonly Wanted[],
): Promise<Map<string, FinalReceipt>> {
  const ids = new Map<string, string[]>();
  for (const { id, key } of wanted) ids.set(keyId(key), [...(ids.get(keyId(key)) ?? []), id]);
  const rows = await tx.select(
    "SELECT key_id,outcome,fingerprint FROM receipts" +
      ` WHERE key_id IN (${[...ids.keys()].map(hexLiteral).join(",")}) AND outcome<>'rejected'`,
  );
  const found = new Map<string, FinalReceipt>();
  for (const row of rows) {
    const receipt = {
      outcome: String(row["outcome"]),
      fingerprint: (row["fingerprint"] as Buffer).toString("hex"),
    };
    for (const id of ids.get((row["key_id"] as Buffer).toString("hex")) ?? []) found.set(id, receipt);
  }
  return found;
}

function idList(letters: readonly { readonly id: string }[]): string {
  return letters.map(({ id }) => idLiteral(id)).join(",");
}

/** What became of a replay: `outcome` is null while nothing has been noted. */
export interface ReplayNote {
  readonly id: string;
  readonly replayedAt: string | null;
  readonly outcome: string | null;
  /** The dead letter's present rejection: why, if the outcome is `rejected`. */
  readonly code: string;
  readonly message: string;
}

/** The notes on these dead letters, those that are still kept. */
export async function replayNotes(store: Store, ids: readonly string[]): Promise<ReplayNote[]> {
  if (ids.length === 0) return [];
  const rows = await store.select(
    `SELECT id,replayed_at,replay_outcome,code,message FROM dead_letters WHERE id IN (${ids.map(idLiteral).join(",")})`,
  );
  return rows.map((row) => ({
    id: String(row["id"]),
    replayedAt: instantOrNull(row["replayed_at"]),
    outcome: row["replay_outcome"] as string | null,
    code: String(row["code"]),
    message: String(row["message"]),
  }));
}

function orNull(text: string | null): string {
  return text === null ? "NULL" : textLiteral(text);
}
