import { createInterface } from "node:readline/promises";
import type { Readable } from "node:stream";
import { type CliContext, CliError } from "./context.ts";

/**
 * Asks a yes-or-no question and resolves when the answer is yes. With `yes` it does not ask. Where nobody can answer, because
 * input or output is no terminal, it throws a {@link CliError} with exit code 2 and says that `--yes` is needed; another
 * answer than yes throws one with exit code 1.
 */
export async function confirm(
  context: CliContext,
  question: string,
  yes: boolean | undefined,
): Promise<void> {
  if (yes) return;
  const input: Readable & { isTTY?: boolean } = context.stdin;
  if (input.isTTY !== true || context.stdout.isTTY !== true) {
    throw new CliError("this was a preview, and nothing has been done: add --yes to go on", 2);
  }
  // Not as a terminal, which would take Ctrl-C away from the process.
  const lines = createInterface({ input, output: context.stdout, terminal: false });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: context.signal });
    if (/^\s*y(es)?\s*$/i.test(answer)) return;
  } catch (error) {
    if (!context.signal.aborted) throw error;
  } finally {
    lines.close();
  }
  throw new CliError("nothing has been done");
}
