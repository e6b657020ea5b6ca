import type { Command } from "commander";
import type { CliContext } from "./context.ts";

type Load = (context: CliContext) => Promise<Command>;

/** Every command, loaded when it is asked for: what another one needs does not slow it down. */
export const COMMANDS: Readonly<Record<string, Load>> = {
  worker: async (context) => (await import("./worker.ts")).workerCommand(context),
  sidecar: async (context) => (await import("./sidecar.ts")).sidecarCommand(context),
  migrate: async (context) => (await import("./migrate.ts")).migrateCommand(context),
  publish: async (context) => (await import("./publish.ts")).publishCommand(context),
  status: async (context) => (await import("./status.ts")).statusCommand(context),
  verify: async (context) => (await import("./verify.ts")).verifyCommand(context),
  "dead-letters": async (context) => (await import("./dead-letters.ts")).deadLettersCommand(context),
  purge: async (context) => (await import("./purge.ts")).purgeCommand(context),
  "api-key": async (context) => (await import("./api-key.ts")).apiKeyCommand(context),
  tables: async (context) => (await import("./tables.ts")).tablesCommand(context),
  topology: async (context) => (await import("./topology.ts")).topologyCommand(context),
  chaos: async (context) => (await import("./chaos.ts")).chaosCommand(context),
  dev: async (context) => (await import("./dev.ts")).devCommand(context),
};
