import { mkdir, rename } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { install, mayInstall } from "../../src/local/apt.ts";
import { findProgram, runCommand } from "../../src/local/child-process.ts";

/**
 * Unpacks a minimal Debian of this suite, with these packages more, into `folder`, which gets its name when it is complete:
 * an interrupted run leaves nothing that looks whole. Takes root on Debian and half a minute. Rejects with the reason when it
 * can't be had.
 */
export async function debootstrap(
  suite: string,
  packages: readonly string[],
  folder: string,
  say: (line: string) => void,
): Promise<void> {
  if (userInfo().uid !== 0 || !(await mayInstall())) {
    throw new Error("to unpack a Debian system takes root on Debian");
  }
  if ((await findProgram("debootstrap")) === undefined) {
    await install(["debootstrap", "debian-archive-keyring"], say);
  }
  const draft = `${folder}.draft`;
  await mkdir(dirname(folder), { recursive: true });
  const include = packages.length === 0 ? [] : [`--include=${packages.join(",")}`];
  const failures: string[] = [];
  for (const mirror of await mirrors()) {
    await removeSystem(draft);
    const command = [
      "timeout",
      "300",
      "debootstrap",
      "--variant=minbase",
      ...include,
      suite,
      draft,
      ...mirror,
    ];
    const { code, output } = await runCommand(command, 310_000);
    if (code === 0) {
      await rename(draft, folder);
      return;
    }
    failures.push(output.split("\n").slice(-3).join("; "));
  }
  await removeSystem(draft);
  throw new Error(`Debian's suite ${suite} could not be reached (${failures.join(" / ")})`);
}

/** Debootstrap's own mirror, then the one that this machine's apt uses. */
async function mirrors(): Promise<string[][]> {
  const ask = [
    "apt-get",
    "indextargets",
    "--format",
    "$(REPO_URI)",
    "Created-By: Packages",
    "Origin: Debian",
  ];
  const { code, output } = await runCommand(ask, 20_000);
  const known = code === 0 ? output.split("\n").find((uri) => /^https?:.*\/debian\/?$/.test(uri)) : undefined;
  return known === undefined ? [[]] : [[], [known]];
}

/** Removes an unpacked system. An interrupted debootstrap may have left file systems mounted in it. */
export async function removeSystem(folder: string): Promise<void> {
  for (const mounted of ["proc", "sys", "dev/pts"]) {
    await runCommand(["umount", "--lazy", `${folder}/${mounted}`], 10_000);
  }
  await runCommand(["rm", "-rf", "--one-file-system", folder], 120_000);
}
