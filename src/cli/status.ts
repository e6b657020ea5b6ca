import { Command } from "commander";
import { idempotencyKey } from "../messages/idempotency-key.ts";
import { type DeadLetterHead, listDeadLetters } from "../store/dead-letter-read.ts";
import { type ReceiptRecord, readReceipt } from "../store/receipt-read.ts";
import { type CliContext, CliError } from "./context.ts";
import { printFacts, widthOf } from "./print-table.ts";
import { printable } from "./printable.ts";
import { shippedTables, type Tables, withStore } from "./with-store.ts";

/** Dead letters of one key that are looked at. */
const MOST = 20;

/** `rowpost status KEY`: the receipt of an update. Exit code 1 when there is none. */
export function statusCommand(context: CliContext, tables: Tables = shippedTables): Command {
  return new Command("status")
    .description("Prints what became of an update: the receipt of its idempotency key")
    .argument("<key>", "the idempotency key")
    .option("--json", "one JSON object")
    .action((key: string, { json }: { readonly json?: true }) =>
      withStore(context, tables, 1, async (store) => {
        if (idempotencyKey(key) === undefined) {
          throw new CliError(
            "an idempotency key has 1 to 255 printable ASCII characters, none of them a space at an end",
            2,
          );
        }
        const receipt = await readReceipt(store, key);
        const letters = await listDeadLetters(store, { keys: [key] }, { order: "newest", limit: MOST });
        const hours = context.config().retention.receiptHours;
        const width = widthOf(context.stdout);
        context.stdout.write(
          json ? asJson(key, receipt, letters) : asText(key, receipt, letters, hours, width),
        );
        context.exitCode(receipt === undefined ? 1 : 0);
      }),
    );
}

/** The receipt with its rejection; without a receipt the code `no_receipt`. The dead letters of the key stand beside it. */
function asJson(key: string, receipt: ReceiptRecord | undefined, letters: readonly DeadLetterHead[]): string {
  const found = receipt ?? { idempotencyKey: key, outcome: null, code: "no_receipt" };
  const latencyMs = receipt === undefined ? null : latency(receipt);
  return `${JSON.stringify({ ...found, latencyMs, deadLetters: letters })}\n`;
}

function asText(
  key: string,
  receipt: ReceiptRecord | undefined,
  letters: readonly DeadLetterHead[],
  hours: number,
  width: number,
): string {
  const own =
    receipt?.outcome === "rejected"
      ? letters.find(({ fingerprint }) => fingerprint === receipt.fingerprint)
      : undefined;
  const others = letters.filter((letter) => letter !== own).flatMap((letter) => letterFacts(letter));
  if (receipt === undefined) {
    const none = `no receipt for ${printable(key)}: its update may still be on its way, or was settled more than ${hours} h ago, or was never published under this key\n`;
    return others.length === 0 ? none : `${none}\n${printFacts(others, width)}`;
  }
  return printFacts([...receiptFacts(receipt, own), ...others], width);
}

function receiptFacts(receipt: ReceiptRecord, own: DeadLetterHead | undefined): [string, string][] {
  const { outcome, code, rowsChanged } = receipt;
  const rows = `${rowsChanged} ${rowsChanged === 1 ? "row" : "rows"} changed`;
  const ms = latency(receipt);
  return [
    ["outcome", code === null ? `${outcome}, ${rows}` : `${outcome}: ${code}`],
    ...(own === undefined ? [] : rejectionFacts(own)),
    ["key", printable(receipt.idempotencyKey)],
    ["message", printable(receipt.messageId)],
    ["published", receipt.publishedAt],
    ["settled", `${receipt.appliedAt}, ${ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1_000)} s`} later`],
    ["fingerprint", receipt.fingerprint],
  ];
}

function rejectionFacts({ id, message, pointer }: DeadLetterHead): [string, string][] {
  return [
    ["reason", printable(message)],
    ...(pointer === null ? [] : [["pointer", printable(pointer)] as [string, string]]),
    ["dead letter", `${id} (rowpost dead-letters show ${id})`],
  ];
}

/** A dead letter of the same key that the receipt is not about: another update, or one whose receipt has been purged. */
function letterFacts({ id, code, message }: DeadLetterHead): [string, string][] {
  return [["dead letter", `${id}, also of this key: ${code}: ${printable(message)}`]];
}

/** Milliseconds from the broker's taking the message to the commit; the two clocks may differ. */
function latency({ publishedAt, appliedAt }: ReceiptRecord): number {
  return Date.parse(appliedAt) - Date.parse(publishedAt);
}
