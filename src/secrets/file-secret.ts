import { readFile } from "node:fs/promises";
import { type Secret, unavailable } from "./secret.ts";
import { secretText } from "./secret-text.ts";

/**
 * A secret in a file, read anew each time: Kubernetes replaces the files of a mounted secret by turning a link, and tells
 * nobody. `variable` is whose fault it is when the file cannot be read.
 */
export function fileSecret(variable: string, path: string): Secret {
  return {
    async read() {
      const content = secretText(await bytesOf(variable, path));
      if ("text" in content) return content.text;
      throw unavailable(`${variable}: the file ${path} ${content.fault}`);
    },
    refused() {},
  };
}

async function bytesOf(variable: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unavailable(`${variable}: the file ${path} ${whyNot(error as NodeJS.ErrnoException)}`);
  }
}

function whyNot({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
      return "is not there; mount the secret, or correct the path";
    case "EACCES":
      return "may not be read by this user; make it readable (Kubernetes: defaultMode, fsGroup)";
    case "EISDIR":
      return "is a folder; name the file in it";
    default:
      return `cannot be read: ${message}`;
  }
}
