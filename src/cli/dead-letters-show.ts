import { isUtf8 } from "node:buffer";
import { Command } from "commander";
import { type DeadLetterRecord, listDeadLetters, readDeadLetters } from "../store/dead-letter-read.ts";
import type { Store } from "../store/store.ts";
import { type CliContext, CliError } from "./context.ts";
import { age, replayState } from "./dead-letters-list.ts";
import { printFacts, widthOf } from "./print-table.ts";
import { printable } from "./printable.ts";
import { showData } from "./show-data.ts";
import { type Tables, withStore } from "./with-store.ts";

interface ShowFlags {
  readonly json?: true;
  readonly data?: true;
}

/** `rowpost dead-letters show ID|KEY`: everything that is kept of it. */
export function showCommand(context: CliContext, tables: Tables): Command {
  return new Command("show")
    .description("Prints all that is kept of a dead letter, its original data too")
    .argument("<id or key>", "the dead letter's number, or an idempotency key: all that it names")
    .option("--json", "one JSON object a line")
    .option("--data", "only the original data, byte for byte")
    .action((name: string, flags: ShowFlags) =>
      withStore(context, tables, 1, async (store) => {
        const ids = await named(store, name);
        if (ids.length === 0) throw new CliError(`there is no dead letter ${printable(name)}`);
        if (flags.data && ids.length > 1) {
          throw new CliError(
            `${printable(name)} names ${ids.length} dead letters: ${ids.join(", ")}; choose one`,
            2,
          );
        }
        for (const [i, id] of ids.entries()) {
          const [letter] = await readDeadLetters(store, [id]);
          if (letter !== undefined) context.stdout.write(shown(letter, flags, context, i));
        }
      }),
    );
}

/** A number is an id first; where there is none of it, it is a key like any other text. */
async function named(store: Store, name: string): Promise<string[]> {
  const page = { order: "oldest", limit: 100 } as const;
  const byId = /^\d{1,20}$/.test(name) ? await listDeadLetters(store, { ids: [name] }, page) : [];
  const found = byId.length > 0 ? byId : await listDeadLetters(store, { keys: [name] }, page);
  return found.map(({ id }) => id);
}

function shown(
  letter: DeadLetterRecord,
  flags: ShowFlags,
  { stdout }: CliContext,
  i: number,
): string | Buffer {
  if (flags.data) return letter.data;
  return flags.json
    ? `${JSON.stringify(asJson(letter))}\n`
    : (i > 0 ? "\n" : "") + asText(letter, widthOf(stdout));
}

/** The data as text where it is text, else as Base64. */
function asJson({ data, ...letter }: DeadLetterRecord): object {
  return isUtf8(data)
    ? { ...letter, data: data.toString("utf8") }
    : { ...letter, dataBase64: data.toString("base64") };
}

function asText(letter: DeadLetterRecord, width: number): string {
  const { kind, text, left } = showData(letter.data);
  const attributes = Object.entries(letter.attributes)
    .sort()
    .map(([name, value]) => `  ${printable(name)}: ${printable(value)}\n`);
  return [
    printFacts(facts(letter), width),
    `\nattributes\n${attributes.length === 0 ? "  none\n" : attributes.join("")}`,
    `\ndata (${kind}, ${letter.bytes} bytes)\n`,
    text === "" ? "" : `${text}\n`,
    left > 0 ? `(${left} more bytes; \`--data\` prints them all)\n` : "",
  ].join("");
}

function facts(letter: DeadLetterRecord): [string, string][] {
  const now = new Date();
  const when = (instant: string) => `${instant} (${age(instant, now)} ago)`;
  const where = (["pointer", "rule", "table", "column", "index", "errno"] as const).flatMap(
    (name): [string, string][] => (letter[name] === null ? [] : [[name, printable(String(letter[name]))]]),
  );
  return [
    ["dead letter", letter.id],
    ["key", printable(letter.idempotencyKey)],
    ["code", letter.code],
    ["reason", printable(letter.message)],
    ...where,
    ["fingerprint", letter.fingerprint],
    ["message", printable(letter.messageId)],
    ["published", when(letter.publishedAt)],
    ["first rejected", when(letter.firstAt)],
    ["last change", when(letter.lastAt)],
    ["deliveries", String(letter.deliveries)],
    ["replays", letter.replays === 0 ? "none" : String(letter.replays)],
    ...(letter.replayedAt === null
      ? []
      : [["last replay", `${when(letter.replayedAt)}: ${replayState(letter)}`] as [string, string]]),
  ];
}
