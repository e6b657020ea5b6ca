import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, runCommand, startChild } from "../../src/local/child-process.ts";
import type { BuiltImage } from "./image-builder.ts";
import type { Scope } from "./servers.ts";

/** An image whose files are a folder. */
export interface MountedImage extends BuiltImage {
  readonly root: string;
  /** The layers of a second build, from a copy of the project. */
  readonly again: readonly string[];
  /** Bytes of the files that it adds to the base. */
  readonly ownBytes: number;
}

/** The image of this run, as the test command built and mounted it. */
export function imageOfRun(): MountedImage {
  const text = process.env["TEST_IMAGE"];
  if (text === undefined) throw new Error("`npm test image` builds the image and runs this file");
  return JSON.parse(text) as MountedImage;
}

/** What runs in a container. */
export interface Container extends Child {
  /** What it has printed so far. */
  output(): Promise<string>;
  /** Resident memory of its first process, in MB (10⁶ bytes). */
  residentMb(): Promise<number>;
}

let containers = 0;

/**
 * Starts the image's entry with these arguments in a container as a cluster with restricted pod security
 * has it: the image's own user, no capability, no new privilege, and a root file system that nobody can write to, without any
 * other place to write. `mounts` puts folders and files of the machine in, by their path there. The process is number 1. The network is the machine's. Ended when the scope ends.
 */
export async function startContainer(
  scope: Scope,
  image: MountedImage,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  mounts: Readonly<Record<string, string>> = {},
): Promise<Container> {
  containers += 1;
  const name = `rowpost-test-${process.pid}-${containers}`;
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const [state, log] = [join(folder, "state"), join(folder, "log")];
  await mkdir(state);
  await writeFile(join(folder, "config.json"), JSON.stringify(bundle(image, args, environment, mounts)));
  const runc = ["runc", `--root=${state}`];
  const child = await startChild([...runc, "run", `--bundle=${folder}`, name], log);
  scope.after(async () => {
    await child.stop(5_000);
    await runCommand([...runc, "delete", "--force", name], 10_000);
    await rm(folder, { recursive: true, force: true });
  });
  return {
    ...child,
    get alive() {
      return child.alive;
    },
    output: () => readFile(log, "utf8"),
    residentMb: async () => {
      const { pid } = JSON.parse((await runCommand([...runc, "state", name], 10_000)).output) as {
        pid: number;
      };
      const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
      return (Number(kib) * 1024) / 1e6;
    },
  };
}

/** OCI runtime specification, "Configuration". */
function bundle(
  { root, config }: MountedImage,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  mounts: Readonly<Record<string, string>>,
) {
  const [uid = "", gid = ""] = config.User.split(":");
  const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid: Number(uid), gid: Number(gid) },
      args: [...config.Entrypoint, ...args],
      env: [...config.Env, ...variables],
      cwd: config.WorkingDir,
      capabilities: none,
      noNewPrivileges: true,
    },
    root: { path: root, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "mode=755", "size=64k"] },
      ...Object.entries(mounts).map(([destination, source]) => ({
        destination,
        source,
        type: "bind",
        options: ["bind", "ro"],
      })),
    ],
    linux: { namespaces: [{ type: "pid" }, { type: "mount" }, { type: "ipc" }] },
  };
}
