import { stat } from "node:fs/promises";
import type { ConnectionOptions } from "mysql2";

/** Bytes in a socket's path at the most: unix(7), `sun_path`. */
const LONGEST_PATH = 107;

/** mysql2's options for a Unix socket. Rejects, in words for a person, when there is none to connect to. */
export async function socketOptions(path: string): Promise<ConnectionOptions> {
  const bytes = Buffer.byteLength(path);
  if (bytes > LONGEST_PATH) {
    throw fault(path, "ENAMETOOLONG", `its path has ${bytes} bytes, and a socket's at most ${LONGEST_PATH}`);
  }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw fault(path, error.code ?? "ENOENT", WHY_NOT[error.code ?? ""] ?? error.message, error);
  });
  // To connect to another file is refused as if nobody listened.
  if (!found.isSocket()) throw fault(path, "ENOTSOCK", "it is not a socket");
  return { socketPath: path };
}

const WHY_NOT: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file; the server, or the Cloud SQL Auth Proxy, makes it when it starts",
  ENOTDIR: "a part of its path is not a folder",
  EACCES: "this user may not look into its folder",
};

function fault(path: string, code: string, why: string, cause?: Error): Error {
  return Object.assign(new Error(`cannot use the socket ${path}: ${why}`, { cause }), { code });
}
