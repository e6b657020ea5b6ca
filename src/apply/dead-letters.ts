import { hash } from "node:crypto";
import type { Rejection } from "../messages/rejection.ts";
import type { Decoded } from "../messages/update.ts";
import { keyId } from "../store/key-id.ts";
import { bytesLiteral, hexLiteral, textLiteral, timeLiteral } from "../store/literal.ts";
import type { Store, Transaction } from "../store/store.ts";
import type { Outcome } from "./outcome.ts";
import { runInserts } from "./run-inserts.ts";

/** A rejected update and why. */
export interface Rejected {
  readonly decoded: Decoded;
  readonly rejection: Rejection;
}

/** The attribute that a replay adds: the dead letter's id, so that the replay's outcome is noted there. */
export const REPLAY_ATTRIBUTE = "rowpost-dead-letter";

const COLUMNS =
  "key_id,fingerprint,idempotency_key,code,message,pointer,rule,table_name,column_name,index_name,errno,data,attributes," +
  "message_id,published_at,first_at,last_at";

/** On a redelivery of the same update: the latest reason, one more delivery; the original stays as it was first kept. */
const AGAIN = [
  "code",
  "message",
  "pointer",
  "rule",
  "table_name",
  "column_name",
  "index_name",
  "errno",
  "last_at",
];

/** Data beyond this many bytes is appended in steps of as many, for its hexadecimal form must fit into a packet. */
function dataStep(maxPacket: number): number {
  return Math.floor(maxPacket / 8);
}

/** Keeps the originals of rejected updates with their rejections, in the batch's own transaction. */
export async function writeDeadLetters(
  tx: Transaction,
  store: Store,
  rejected: readonly Rejected[],
): Promise<void> {
  if (rejected.length === 0) return;
  const step = dataStep(store.maxPacket);
  await runInserts(tx, store.maxPacket, {
    head: `INSERT INTO dead_letters (${COLUMNS}) VALUES `,
    rows: rejected.map((one) => deadLetterTuple(one, step)).sort(),
    tail:
      ` ON DUPLICATE KEY UPDATE ${AGAIN.map((name) => `${name}=VALUES(${name})`).join(",")},deliveries=deliveries+1,` +
      "replay_outcome=IF(replays>0,'rejected',replay_outcome)",
  });
  for (const { decoded } of rejected) {
    if (decoded.message.data.length > step) await appendRest(tx, decoded, step);
  }
}

function deadLetterTuple({ decoded, rejection }: Rejected, step: number): string {
  const { message, key, fingerprint } = decoded;
  const values = [
    hexLiteral(keyId(key)),
    hexLiteral(fingerprint),
    textLiteral(key),
    textLiteral(rejection.code),
    textLiteral(rejection.message),
    optional(rejection.pointer),
    optional(rejection.rule),
    optional(rejection.table?.slice(0, 64)),
    optional(rejection.column?.slice(0, 64)),
    optional(rejection.index?.slice(0, 64)),
    rejection.errno === undefined ? "NULL" : String(rejection.errno),
    bytesLiteral(message.data.subarray(0, step)),
    textLiteral(JSON.stringify(message.attributes)),
    textLiteral(message.messageId),
    timeLiteral(message.publishedAt),
    "UTC_TIMESTAMP(6)",
    "UTC_TIMESTAMP(6)",
  ];
  return `(${values.join(",")})`;
}

function optional(text: string | undefined): string {
  return text === undefined ? "NULL" : textLiteral(text);
}

/** Only when the row is new: the length says how much of the data is there already. */
async function appendRest(
  tx: Transaction,
  { key, fingerprint, message }: Decoded,
  step: number,
): Promise<void> {
  const which = `key_id=${hexLiteral(keyId(key))} AND fingerprint=${hexLiteral(fingerprint)}`;
  for (let at = step; at < message.data.length; at += step) {
    const part = bytesLiteral(message.data.subarray(at, at + step));
    await tx.run(`UPDATE dead_letters SET data=CONCAT(data,${part}) WHERE ${which} AND LENGTH(data)=${at}`);
  }
}

/**
 * Notes on the dead letter that a message replays what became of it: of a duplicate, what became of the first. A replay may
 * have another key or fingerprint than its dead letter, or other bytes where a topic's schema encodes it; that it holds the very
 * same bytes or has the same fingerprint shows that it is one.
 */
export async function noteReplay(
  tx: Transaction,
  { message, fingerprint }: Decoded,
  outcome: Outcome,
): Promise<void> {
  const id = message.attributes[REPLAY_ATTRIBUTE];
  if (id === undefined || !/^[1-9]\d{0,18}$/.test(id)) return;
  await tx.run(
    `UPDATE dead_letters SET replay_outcome='${outcome}',last_at=UTC_TIMESTAMP(6)` +
      ` WHERE id=${id} AND (fingerprint=${hexLiteral(fingerprint)} OR SHA2(data,256)='${hash("sha256", message.data)}')`,
  );
}
