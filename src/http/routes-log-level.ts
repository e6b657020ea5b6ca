import { pointerTo } from "../messages/pointer.ts";
import { clip } from "../messages/quote.ts";
import { LevelChange } from "../telemetry/level-change.ts";
import type { LevelState } from "../telemetry/log-level.ts";
import type { HttpApp } from "./app.ts";
import type { SidecarParts } from "./parts.ts";
import { HttpProblem } from "./problem.ts";
import { type BodyRules, readValue } from "./read-items.ts";
import { workerLogLevel } from "./worker-log-level.ts";

/** `/log-level`: how this process and its worker log; switched while they run, by who may operate. */
export function logLevelRoutes(app: HttpApp, parts: SidecarParts): void {
  const tags = ["operation"];
  const { access } = parts;
  app.get(
    "/log-level",
    { schema: { tags, summary: "The log level of this process and of its worker" } },
    (request) => {
      access.mayOperate(request.principal);
      return answer(parts);
    },
  );
  app.put("/log-level", { schema: { tags, summary: "Switch it, for a time if that is said" } }, (request) => {
    access.mayOperate(request.principal);
    return answer(parts, readChange(request.body, parts));
  });
}

/** The worker first: when it cannot be reached nothing is changed. */
async function answer(
  { logLevel, options }: SidecarParts,
  change?: LevelChange,
): Promise<LevelState & { worker: LevelState | null }> {
  const { workerUrl } = options;
  const worker = workerUrl === undefined ? null : await workerLogLevel(workerUrl, change);
  const own = change === undefined ? logLevel.state : logLevel.set(change.level, change.seconds);
  return { ...own, worker };
}

function readChange(body: unknown, rules: BodyRules): LevelChange {
  const read = LevelChange.safeParse(readValue(body, rules));
  if (read.success) return read.data;
  const [first] = read.error.issues;
  const pointer = pointerTo(first?.path ?? []);
  const where = pointer === "" ? "" : `${pointer}: `;
  const why = clip(first?.message ?? "it is not as described", 200);
  throw new HttpProblem("invalid", `The log level cannot be switched so: ${where}${why}.`, {
    members: { pointer },
  });
}
