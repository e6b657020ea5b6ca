import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeData } from "../../src/local/mysql-instance.ts";
import type { MysqlFlavor, MysqlProgram } from "../../src/local/mysql-program.ts";
import { openEmulator } from "../../src/local/pubsub-emulator.ts";
import { copying, legProgram, openTestMysql, testFolder, urlOf } from "./leg.ts";
import { begin, type Report, testStep } from "./step.ts";

/** The longest time for one test; CHAOS=full asks for one that takes some minutes. */
const TIMEOUT_MS = process.env["CHAOS"] === "full" ? 1_200_000 : 200_000;

const TITLES: Record<MysqlFlavor, string> = { mysql: "MySQL", mariadb: "MariaDB" };

/** Runs test files on one kind of server: one private instance and one emulator for all of them. */
export async function legStep(
  flavor: MysqlFlavor,
  files: readonly string[],
  signal: AbortSignal,
): Promise<Report> {
  let program: MysqlProgram;
  try {
    program = await legProgram(flavor, console.log);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const text = `THE ${TITLES[flavor].toUpperCase()} LEG DID NOT RUN: ${reason}`;
    console.log(`\n${text}`);
    return begin(`tests on ${TITLES[flavor]}`)("did not run", undefined, text);
  }
  const folder = await testFolder();
  try {
    const template = join(folder, "template");
    await makeData(program, template);
    await using mysql = await openTestMysql(copying(program, template));
    await using emulator = await openEmulator({ folder, say: console.log });
    const environment = {
      TEST_MYSQL_FLAVOR: flavor,
      TEST_MYSQL_URL: urlOf(mysql),
      TEST_MYSQL_TEMPLATE: template,
      PUBSUB_EMULATOR_HOST: emulator.host,
      METADATA_SERVER_DETECTION: "none",
    };
    const name = `tests on ${program.name}`;
    return await testStep(name, { files, timeoutMs: TIMEOUT_MS, environment, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
