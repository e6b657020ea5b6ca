import type { Secret } from "./secret.ts";

/** Between two questions pass so many ms at the least, however often the answer is refused or fails. */
export const ASK_AGAIN_MS = 1_000;

/**
 * A secret that somebody is asked for. The answer is kept until it is refused; those who read at once share one question;
 * a failure is asked for again. Within a second of a question its answer is given again, also a refused or failed one, so
 * that neither probes nor a hundred connections hammer whoever is asked.
 */
export function askedSecret(ask: () => Promise<string>, now = () => performance.now()): Secret {
  let answer: Promise<string> | undefined;
  let askedAt = 0;
  let state: "asking" | "good" | "spent" = "spent";

  function askNow(): Promise<string> {
    const asked = ask();
    state = "asking";
    askedAt = now();
    answer = asked;
    asked.then(
      () => void (state = "good"),
      () => void (state = "spent"),
    );
    return asked;
  }

  return {
    read: () =>
      answer === undefined || (state === "spent" && now() - askedAt >= ASK_AGAIN_MS) ? askNow() : answer,
    refused() {
      // What is asked for at this moment is newer than what was refused.
      if (state === "good") state = "spent";
    },
  };
}
