import type { Publishable } from "../messages/encode.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem, type ProblemBody, problemBody, rejectionProblem } from "./problem.ts";
import type { Sender } from "./outbox.ts";
import type { Verdict } from "./receipt-waits.ts";
import { type ReceiptBody, receiptBody } from "./receipt-body.ts";

/** What became of one update that was sent: on its way, settled, or refused. */
export type Sent =
  | {
      readonly status: 202;
      readonly idempotencyKey: string;
      readonly messageId: string;
      readonly location: string;
    }
  | ({ readonly status: 200; readonly location: string } & ReceiptBody)
  | ProblemBody;

/** How long to wait for a receipt, and until when. */
export interface Waiting {
  /** 0: not at all. */
  readonly ms: number;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** Publishes one update, and waits for its receipt if that was asked for. Never rejects for what the broker refuses. */
export async function send(
  parts: Pick<SidecarParts, "outbox" | "waits" | "metrics">,
  message: Publishable,
  sender: Sender,
  waiting: Waiting,
): Promise<Sent> {
  const since = performance.now();
  let messageId: string;
  try {
    messageId = await parts.outbox.publish(message, sender);
  } catch (error) {
    if (!(error instanceof HttpProblem)) throw error;
    parts.metrics.countUpdate(error.body.code);
    return error.body;
  }
  parts.metrics.countUpdate("published");
  const { key, fingerprint } = message;
  const verdict =
    waiting.ms === 0
      ? undefined
      : await parts.waits.wait({ key, fingerprint, since, messageId }, waiting.ms, waiting.signal);
  return verdict === undefined
    ? { status: 202, idempotencyKey: key, messageId, location: locationOf(key) }
    : answerOf(verdict);
}

/** Where the receipt of a key is found. */
export function locationOf(key: string): string {
  return `/updates/${encodeURIComponent(key)}`;
}

function answerOf({ receipt, rejection, keyReused }: Verdict): Sent {
  const { idempotencyKey } = receipt;
  if (keyReused) {
    const detail = `The idempotency key ${idempotencyKey} has settled another update already: give this one a key of its own.`;
    return problemBody("key_reused", detail, { rule: "idempotency_key", idempotencyKey });
  }
  if (receipt.outcome === "rejected") {
    return rejectionProblem(rejection ?? unexplained(receipt.code), { idempotencyKey });
  }
  return { status: 200, location: locationOf(idempotencyKey), ...receiptBody(receipt) };
}

/** Its dead letter has been discarded meanwhile. */
function unexplained(code: string | null): Parameters<typeof rejectionProblem>[0] {
  const message = "The update was rejected; its dead letter is no longer kept.";
  return { code: (code ?? "invalid") as Parameters<typeof rejectionProblem>[0]["code"], message };
}
