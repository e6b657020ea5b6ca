import { userInfo } from "node:os";
import { findProgram, runCommand } from "./child-process.ts";

/** True on a Debian or Ubuntu machine on which we may install packages: apt-get is there and we are root. */
export async function mayInstall(): Promise<boolean> {
  return userInfo().uid === 0 && (await findProgram("apt-get")) !== undefined;
}

/**
 * Installs packages with apt-get, without what they only recommend and without questions. Says so first. Rejects with
 * apt-get's own words.
 */
export async function install(packages: readonly string[], say: (line: string) => void): Promise<void> {
  say(`Installing ${packages.join(", ")} with apt-get …`);
  const apt = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120", "-qq"];
  const get = ["install", "-y", "--no-install-recommends", ...packages];
  const first = await runCommand([...apt, ...get], 600_000);
  if (first.code === 0) {
    return;
  }
  // A fresh machine has no package lists yet.
  const update = await runCommand([...apt, "update"], 300_000);
  const second = await runCommand([...apt, ...get], 600_000);
  if (second.code !== 0) {
    const said = [update.code === 0 ? "" : update.output, second.output].join("\n").trim().slice(-2_000);
    throw new Error(`apt-get could not install ${packages.join(", ")}:\n${said}`);
  }
}
