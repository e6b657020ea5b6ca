import { availableParallelism } from "node:os";
import { join } from "node:path";
import { rm } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { CHAOS_TABLES } from "../chaos/chaos-tables.ts";
import { type ChaosResult, runChaos } from "../chaos/run-chaos.ts";
import { registryOf } from "../tables/registry.ts";
import { chaosReport } from "./chaos-report.ts";
import { type CliContext, CliError } from "./context.ts";
import { runSidecar } from "./sidecar.ts";
import { runWorker } from "./worker.ts";

const HELP = `
It starts a database server, a broker that misbehaves, workers and a sidecar on this machine, all of its own; publishes
increments, transfers, overwrites by version, updates of several rows, contests for unique names, reused keys and invalid
updates; meanwhile kills workers and the database, cuts and delays connections, purges and migrates; then compares every row,
receipt and dead letter with a model. The seed draws all of it: the same seed does the same things at the same times.

Exit codes: 0 everything is as it must be, 1 something is not, 2 wrong use.`;

interface Flags {
  readonly seed?: number;
  readonly updates: number;
  readonly seconds: number;
  readonly workers: number;
  readonly kills: number;
  readonly restarts: number;
  readonly cuts: number;
  readonly json?: true;
}

/** `rowpost chaos`: proves on this machine that nothing is lost, doubled or half done, whatever happens. */
export function chaosCommand(context: CliContext): Command {
  const command = new Command("chaos")
    .description(
      "Proves on this machine that no update is lost, doubled or half done, whatever happens meanwhile",
    )
    .usage("[options]")
    .option("--seed <n>", "draws what is published and what happens (default: another one each time)", whole)
    .option("--updates <n>", "updates to publish", whole, 20_000)
    .option("--seconds <n>", "how long it goes on", whole, 60)
    .option("--workers <n>", "worker processes", whole, Math.max(2, Math.min(4, availableParallelism())))
    .option("--kills <n>", "workers killed with SIGKILL", whole, 10)
    .option("--restarts <n>", "restarts of the database, every other one by SIGKILL", whole, 3)
    .option("--cuts <n>", "times that connections to the database are cut", whole, 6)
    .option("--json", "print the result as JSON")
    .addHelpText("after", HELP)
    .action((flags: Flags) => run(context, flags));
  const registry = registryOf(CHAOS_TABLES);
  const part = (name: string, action: () => Promise<void>) =>
    command.addCommand(new Command(name).action(action), { hidden: true });
  part("worker", () => runWorker(context, registry));
  part("sidecar", () => runSidecar(context, registry));
  return command;
}

async function run(context: CliContext, flags: Flags): Promise<void> {
  const { json, seed = 1 + Math.floor(Math.random() * 2 ** 31), ...amounts } = flags;
  const say = (line: string) => context.stderr.write(`${line}\n`);
  const folder = join(".rowpost", `chaos-${process.pid}`);
  const { signal } = context;
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? ""];
  say(`rowpost chaos --seed ${seed}`);
  try {
    const result = await runChaos({ ...amounts, seed, folder, program, say, signal });
    context.stdout.write(json ? `${JSON.stringify(result, undefined, 2)}\n` : chaosReport(result));
    if (result.violations.length > 0) context.exitCode(1);
    await tidy(result, folder, say);
  } catch (error) {
    if (signal.aborted) throw new CliError("stopped before the end", 1, { cause: error });
    throw error;
  }
}

/** The logs stay when they may be needed. */
async function tidy({ violations }: ChaosResult, folder: string, say: (line: string) => void): Promise<void> {
  if (violations.length === 0) await rm(folder, { recursive: true, force: true });
  else say(`the logs of all processes are in ${folder}`);
}

function whole(text: string): number {
  const value = Number(text.replaceAll(/[,_]/g, ""));
  if (!Number.isSafeInteger(value) || value < 1 || value > 2 ** 32)
    throw new InvalidArgumentError("a number from 1.");
  return value;
}
