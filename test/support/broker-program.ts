import { readFileSync } from "node:fs";
import { openBroker } from "../../src/local/broker/open-broker.ts";

// The built-in broker as a process of its own, for tests that kill it and for benches: `node broker-program.ts PORT [FAULTS.json]`.
const [port, faults] = process.argv.slice(2);
const options = faults === undefined ? {} : JSON.parse(readFileSync(faults, "utf8"));
const broker = await openBroker({ port: Number(port), ...options });
const stop = () => void broker.close().then(() => process.exit());
process.once("SIGTERM", stop).once("SIGINT", stop);
