import { Command } from "commander";
import { newApiKey } from "../http/api-keys.ts";
import { principalOf } from "../messages/principal.ts";
import { type CliContext, CliError } from "./context.ts";

/** `rowpost api-key NAME`: makes a key; only its hash is for the file. */
export function apiKeyCommand(context: CliContext): Command {
  return new Command("api-key")
    .description("Makes an API key: prints the key, then its line for API_KEYS_FILE")
    .argument("<name>", "the principal whose key it is")
    .action((name: string) => {
      const principal = principalOf(name);
      if (principal === undefined)
        throw new CliError("a name has 1 to 255 printable ASCII characters, and no space at either end", 2);
      const { key, line } = newApiKey(principal);
      context.stdout.write(`${key}\n${line}\n`);
      context.stderr.write(
        "The first line is the key: it is shown this once. The second one goes into API_KEYS_FILE.\n",
      );
    });
}
