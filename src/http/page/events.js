import { authorization, signals } from "./api.js";

const AGAIN_MS = 2000;

/**
 * Follows `/events`: calls `on.counters` with each event, `on.state` with "live", "waiting" or "lost". Goes on for ever, but
 * not while nobody looks at the page. EventSource cannot say who asks, so the stream is read with fetch.
 */
export function follow(on) {
  let stop = new AbortController();
  const run = async () => {
    const { signal } = stop;
    while (!signal.aborted) {
      on.state("waiting");
      const again = await read(on, signal).catch(() => true);
      if (!again || signal.aborted) return;
      on.state("lost");
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  document.addEventListener("visibilitychange", () => {
    stop.abort();
    if (document.hidden) return;
    stop = new AbortController();
    void run();
  });
  void run();
}

/** Reads one stream to its end; false when there is no use in asking again. */
async function read(on, signal) {
  const response = await fetch("/events", { headers: authorization(), signal });
  if (response.status === 401 || response.status === 403) {
    const problem = await response.json();
    if (response.status === 401)
      signals.dispatchEvent(new CustomEvent("unauthenticated", { detail: problem }));
    else on.refused(problem);
    return false;
  }
  if (!response.ok || response.body === null) return true;
  on.state("live");
  let text = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    text += value;
    const events = text.split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) tell(event, on);
  }
  return true;
}

function tell(event, on) {
  const lines = event.split("\n");
  const data = lines.find((line) => line.startsWith("data: "));
  if (data !== undefined && lines.includes("event: counters")) on.counters(JSON.parse(data.slice(6)));
}
