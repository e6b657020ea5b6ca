import { randomUUID } from "node:crypto";
import type { RowDataPacket } from "mysql2/promise";
import type { LocalMysql } from "../../../../src/local/mysql-server.ts";
import { uuidV7 } from "../../../../src/messages/uuid-v7.ts";
import { type BenchDatabase, openDatabase } from "../../database.ts";
import type { Ground } from "../../ground.ts";
import { groundOf, measure, mediansOf, type Sample, sampleOf } from "../measure.ts";
import { COLUMNS, type PartCheck, type PartContext, type PartResult } from "../part.ts";
import { upserts } from "../workloads/upserts.ts";
import { fillReceipts, KEY_KINDS, type KeyKind } from "./fill.ts";
import { resizePool, settleServer } from "./settle-server.ts";

/** One point: so many receipts of these keys, in a buffer pool of this size. */
interface Point {
  readonly kind: KeyKind;
  readonly poolMiB: number;
  readonly receipts: number;
  readonly sample: Required<Sample>;
}

/** Against no receipts, with the larger pool; with the smaller one it is shown. */
const TARGETS: Readonly<Record<KeyKind, number>> = { UUIDv7: 0.9, random: 0.8 };
const TARGET_POOL_MIB = 1024;
const TARGET_RECEIPTS = 10_000_000;

const MAKE_KEY: Readonly<Record<KeyKind, () => string>> = { UUIDv7: uuidV7, random: randomUUID };

/** How fast rowpost is when the ledger is long already, by how its keys are made and by memory for it. */
export async function receipts(context: PartContext): Promise<PartResult> {
  const points: Point[] = [];
  const { servers, options } = context;
  await using opening = new AsyncDisposableStack();
  // A short run resizes nothing: the server that is there will do.
  const mysql = options.smoke ? servers.mysql : opening.use(await servers.privateMysql());
  for (const kind of KEY_KINDS) points.push(...(await measureKind(context, mysql, kind)));
  const rateOf = ({ kind, poolMiB }: Point, count: number) =>
    points.find((one) => one.kind === kind && one.poolMiB === poolMiB && one.receipts === count)?.sample
      .rate ?? Number.NaN;
  const checked = points.filter(
    ({ poolMiB, receipts: there }) => poolMiB === TARGET_POOL_MIB && there === TARGET_RECEIPTS,
  );
  return {
    name: "receipts",
    title: "By receipts that are there already",
    columns: [COLUMNS.rate, { head: "to none", digits: 2 }, COLUMNS.clientCpu, COLUMNS.mysqlCpu],
    rows: points.map((point) => {
      const { kind, poolMiB, receipts: there, sample } = point;
      const { rate, clientCpu, mysqlCpu } = sample;
      return {
        title: `${kind} keys, pool of ${poolMiB} MiB, ${there.toLocaleString("en-US")}`,
        series: `${kind}, ${poolMiB} MiB`,
        x: there,
        cells: [rate, rate / rateOf(point, 0), clientCpu, mysqlCpu],
      };
    }),
    notes: [
      "On a server of their own, whose buffer pool is resized between the runs; it is calm before each.",
    ],
    checks: checked.map(
      (point): PartCheck => ({
        name: `${point.kind} keys, 10 million receipts against none, ${point.poolMiB} MiB`,
        found: point.sample.rate / rateOf(point, 0),
        target: TARGETS[point.kind],
        bound: "least",
      }),
    ),
  };
}

/** One database from no receipts to the most: at each size every pool, the largest first, which the fill has warmed. */
async function measureKind(
  context: PartContext,
  mysql: LocalMysql,
  kind: KeyKind,
): Promise<readonly Point[]> {
  const { options, signal, say } = context;
  const { broker } = await groundOf(context);
  await using database = await openDatabase(mysql);
  const points: Point[] = [];
  const pools = options.poolMiB.toSorted((a, b) => b - a);
  const sizes = options.smoke ? options.receipts : [0, ...options.receipts];
  for (const [i, size] of sizes.entries()) {
    const [largest = TARGET_POOL_MIB] = pools;
    await resizePool(database.connection, largest, signal);
    const began = performance.now();
    await fillReceipts(database.connection, kind, sizes[i - 1] ?? 0, size, signal);
    const seconds = Math.round((performance.now() - began) / 1000);
    if (size > 0) say(`${size.toLocaleString("en-US")} receipts with ${kind} keys are there (${seconds} s)`);
    for (const poolMiB of pools) {
      await resizePool(database.connection, poolMiB, signal);
      const sample = await measureSize(context, { mysql, broker }, database, kind);
      const rate = Math.round(sample.rate).toLocaleString("en-US");
      say(`${kind}, ${poolMiB} MiB, ${size.toLocaleString("en-US")} receipts: ${rate}/s`);
      points.push({ kind, poolMiB, receipts: size, sample });
    }
  }
  return points;
}

/** The median of two runs; what they add to the receipts is little beside what is there. */
async function measureSize(
  { options, signal }: PartContext,
  ground: Ground,
  database: BenchDatabase,
  kind: KeyKind,
): Promise<Required<Sample>> {
  const samples: Sample[] = [];
  for (let n = 0; n < Math.min(2, options.rounds); n += 1) {
    await database.connection.query("TRUNCATE bench_rows");
    await settleServer(database.connection, signal);
    const [rows] = await database.connection.query<RowDataPacket[]>("SELECT MAX(id) AS id FROM receipts");
    const after = String(rows[0]?.["id"] ?? 0);
    const workload = upserts(options.partMessages, MAKE_KEY[kind]);
    samples.push(sampleOf(await measure(ground, workload, { signal, database, after })));
  }
  return mediansOf(samples);
}
