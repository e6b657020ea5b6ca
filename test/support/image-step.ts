import { cp, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../../src/local/child-process.ts";
import { openEmulator } from "../../src/local/pubsub-emulator.ts";
import type { MountedImage } from "./container.ts";
import { type ImageBuilder, openImageBuilder } from "./image-builder.ts";
import { findLegProgram, type FLAVORS, openTestMysql, testFolder, urlOf } from "./leg.ts";
import { begin, type Report, testStep } from "./step.ts";

const ROOT = join(import.meta.dirname, "../..");

const FIRST = "localhost/rowpost:test";
const SECOND = "localhost/rowpost:again";

/** What the Dockerfile may see of the project. */
const CONTEXT = ["Dockerfile", ".dockerignore", ".npmrc", "package.json", "package-lock.json", "LICENSE"];
const FOLDERS = ["image", "src", "migrations", "schemas"];

/** Builds the image, twice, and runs the tests of `test/image` with what was built, on one server and an emulator. */
export async function imageStep(
  flavor: (typeof FLAVORS)[number],
  files: readonly string[],
  signal: AbortSignal,
): Promise<Report> {
  const done = begin("image");
  let builder: ImageBuilder;
  try {
    builder = await openImageBuilder(console.log);
  } catch (error) {
    const text = `THE IMAGE WAS NOT BUILT: ${error instanceof Error ? error.message : String(error)}`;
    console.log(`\n${text}`);
    return done("did not run", undefined, text);
  }
  const folder = await testFolder();
  try {
    await using built = await buildTwice(builder, join(folder, "context"));
    const program = await findLegProgram(flavor, console.log);
    await using mysql = await openTestMysql(program);
    await using emulator = await openEmulator({ folder, say: console.log });
    const environment = {
      TEST_IMAGE: JSON.stringify(built.image),
      TEST_MYSQL_FLAVOR: flavor,
      TEST_MYSQL_URL: urlOf(mysql),
      PUBSUB_EMULATOR_HOST: emulator.host,
      METADATA_SERVER_DETECTION: "none",
    };
    const { result, counts } = await testStep("tests in the image", {
      files,
      timeoutMs: 200_000,
      environment,
      signal,
    });
    return done(result, counts);
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
    return done("failed");
  } finally {
    await rm(folder, { recursive: true, force: true });
    await builder.tidy();
  }
}

/** The image, mounted; a second one was built from a copy with other times, modes and files beside it. */
async function buildTwice(builder: ImageBuilder, copy: string) {
  const start = performance.now();
  await builder.build(ROOT, FIRST);
  console.log(`built in ${((performance.now() - start) / 1_000).toFixed(1)} s`);
  for (const name of [...CONTEXT, ...FOLDERS]) {
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  await cp(join(ROOT, "package.json"), join(copy, ".env"));
  await runCommand(["chmod", "-R", "go-rwx", copy], 20_000);
  await builder.build(copy, SECOND);
  const [image, again] = [await builder.inspect(FIRST), await builder.inspect(SECOND)];
  const mounted = await builder.mount(FIRST);
  const { output } = await runCommand(
    ["du", "--summarize", "--block-size=1", join(mounted.root, "app")],
    20_000,
  );
  const built: MountedImage = {
    ...image,
    root: mounted.root,
    ownBytes: Number.parseInt(output, 10),
    again: again.layers,
  };
  return { image: built, [Symbol.asyncDispose]: mounted.undo };
}
