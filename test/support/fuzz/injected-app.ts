import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { readConfig } from "../../../src/config.ts";
import { OPEN_ACCESS } from "../../../src/http/access.ts";
import { createApp } from "../../../src/http/create-app.ts";
import { addRoutes } from "../../../src/http/open-sidecar.ts";
import { Outbox } from "../../../src/http/outbox.ts";
import type { SidecarParts } from "../../../src/http/parts.ts";
import { Readiness } from "../../../src/http/readiness.ts";
import { ReceiptWaits } from "../../../src/http/receipt-waits.ts";
import { Turns } from "../../../src/http/turns.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { createEncoder } from "../../../src/messages/encode.ts";
import type { Publisher } from "../../../src/pubsub/port.ts";
import type { DatabaseRow, Store, Transaction } from "../../../src/store/store.ts";
import type { Column, Registry } from "../../../src/tables/definition.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { LogLevelSwitch } from "../../../src/telemetry/log-level.ts";
import { SidecarMetrics } from "../../../src/telemetry/sidecar-metrics.ts";

/** A sidecar without a socket, a broker or a database behind it. */
export interface InjectedApp extends AsyncDisposable {
  /** Lines that it logged. */
  readonly logged: string[];
  /** What it published. */
  readonly published: { readonly data: Buffer; readonly attributes: Readonly<Record<string, string>> }[];
  inject(request: InjectOptions): Promise<LightMyRequestResponse>;
}

/** Opens one. Tables have one row each; there are no receipts and no dead letters. */
export async function injectedApp(registry: Registry): Promise<InjectedApp> {
  const { config, faults } = readConfig({});
  if (config === undefined) throw new Error(faults.join("; "));
  await using opening = new AsyncDisposableStack();
  const logged: string[] = [];
  const published: InjectedApp["published"] = [];
  const log = createLog({ level: "warn", destination: { write: (line) => void logged.push(line) } });
  const metrics = opening.use(new SidecarMetrics({ version: "0.0.0", process }));
  const database = { configured: true, store: () => Promise.resolve(storeOf(registry)) };
  const publisher: Publisher = {
    publish: (data, attributes) => Promise.resolve(String(published.push({ data, attributes }))),
    close: () => Promise.resolve(),
  };
  const waits = new ReceiptWaits(database);
  opening.defer(() => waits.close());
  const limits = { messages: 1_000, bytes: 100_000_000 };
  const outbox = new Outbox({ publisher, access: OPEN_ACCESS, limits, refused: () => {} });
  metrics.read({ pending: () => outbox, waits: () => waits });
  const parts: SidecarParts = {
    registry,
    limits: config.limits,
    encode: createEncoder(registry, config.limits),
    outbox,
    database,
    waits,
    access: OPEN_ACCESS,
    readiness: new Readiness({ broker: () => Promise.resolve(undefined), workerUrl: undefined }),
    turns: new Turns(),
    metrics,
    logLevel: opening.use(new LogLevelSwitch(log)),
    replays: {
      decode: createDecoder(registry, config.limits),
      maxAgeHours: 1,
      signer: undefined,
      messageFault: () => undefined,
    },
    options: { ...config.http, longestWait: 0, flatRowWait: 0, workerUrl: undefined },
  };
  const app = await createApp({
    access: OPEN_ACCESS,
    log,
    metrics,
    bodyBytes: config.http.bodyBytes,
    ratePerSecond: 0,
  });
  opening.defer(() => app.close());
  await addRoutes(app, parts);
  await app.ready();
  const owned = opening.move();
  return {
    logged,
    published,
    inject: (request) => app.inject(request),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function storeOf(registry: Registry): Store {
  const select = (sql: string) => Promise.resolve(rowsFor(sql, registry));
  const tx = {
    select,
    run: () => Promise.resolve({ affectedRows: 0, insertId: 0 }),
  } as unknown as Transaction;
  const transaction = <T>(work: (tx: Transaction) => Promise<T>) => work(tx);
  return { flavor: "mysql", maxPacket: 1_048_576, select, transaction } as unknown as Store;
}

function rowsFor(sql: string, registry: Registry): DatabaseRow[] {
  const table = registry.get(/ FROM `((?:[^`]|``)+)`/.exec(sql)?.[1]?.replaceAll("``", "`") ?? "");
  if (table === undefined) return [];
  return [Object.fromEntries([...table.columns.values()].map((column) => [column.name, rawValue(column)]))];
}

/** As the driver would give it. */
function rawValue({ kind, nullable }: Column): unknown {
  if (nullable) return null;
  if (kind === "json") return "[]";
  if (kind === "date") return "2024-02-29";
  if (kind === "datetime") return "2024-02-29 23:59:59";
  return kind === "string" || kind === "enum" || kind === "set" ? "" : "1";
}
