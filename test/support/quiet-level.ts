import { createLog } from "../../src/telemetry/log.ts";
import { LogLevelSwitch } from "../../src/telemetry/log-level.ts";

/** The switch of a log that writes nothing. */
export function quietLevel(): LogLevelSwitch {
  return new LogLevelSwitch(createLog({ level: "fatal", destination: { write: () => {} } }));
}
