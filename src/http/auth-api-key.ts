import { readFile, stat } from "node:fs/promises";
import type { Log } from "../telemetry/log.ts";
import { type ApiKey, ownerOf, readApiKeys } from "./api-keys.ts";
import { type Authenticate, badCredentials, bearerToken, noCredentials } from "./credentials.ts";

/** How often the file is looked at, at the most. */
const CHECK_MS = 1_000;

/**
 * `AUTH=api-key`: keys in `Authorization: Bearer` or `X-API-Key`, by a file of their hashes, which is read again when it
 * changes. Rejects with every fault when the file cannot be used at the start; a faulty file later on is told to the log, and
 * the keys stay as they were.
 */
export async function apiKeyAuthentication(file: string, log: Log): Promise<Authenticate> {
  const keys = new KeysFile(file, log);
  await keys.open();
  return async (headers) => {
    const header = headers["x-api-key"];
    const key = bearerToken(headers) ?? (typeof header === "string" ? header.trim() : undefined);
    if (key === undefined || key === "") throw noCredentials(HOW);
    const principal = ownerOf(key, await keys.current());
    if (principal === undefined) throw badCredentials("The API key is not known here.");
    return principal;
  };
}

const HOW = "an API key as `Authorization: Bearer …` or `X-API-Key: …`";

class KeysFile {
  readonly #file: string;
  readonly #log: Log;
  #keys: readonly ApiKey[] = [];
  #version = "";
  #checkedAt = 0;
  #checking: Promise<void> | undefined;
  #told = "";

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  async open(): Promise<void> {
    this.#version = await this.#versionNow();
    this.#keys = await this.#read();
    this.#checkedAt = performance.now();
  }

  async current(): Promise<readonly ApiKey[]> {
    if (performance.now() - this.#checkedAt >= CHECK_MS) {
      this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
      await this.#checking;
    }
    return this.#keys;
  }

  async #check(): Promise<void> {
    try {
      const version = await this.#versionNow();
      if (version !== this.#version) {
        this.#keys = await this.#read();
        this.#version = version;
        this.#log.info({ file: this.#file, count: this.#keys.length }, "the API keys have been read again");
      }
      this.#told = "";
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== this.#told)
        this.#log.error({ file: this.#file }, `the API keys stay as they were: ${text}`);
      this.#told = text;
    } finally {
      this.#checkedAt = performance.now();
    }
  }

  /** Another file, also one behind a symbolic link, has another one of these. */
  async #versionNow(): Promise<string> {
    const { mtimeMs, size, ino } = await stat(this.#file).catch(unreadable);
    return `${mtimeMs} ${size} ${ino}`;
  }

  async #read(): Promise<readonly ApiKey[]> {
    const { keys, faults } = readApiKeys(await readFile(this.#file, "utf8").catch(unreadable));
    if (faults !== undefined) throw new Error(`API_KEYS_FILE: ${faults.join("; ")}`);
    return keys;
  }
}

function unreadable(cause: unknown): never {
  throw new Error(`API_KEYS_FILE: it cannot be read: ${(cause as Error).message}`, { cause });
}
