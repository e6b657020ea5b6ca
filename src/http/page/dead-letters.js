import { ask } from "./api.js";
import { byId, el, empty, fault, fill } from "./dom.js";
import { letterNodes } from "./dead-letter.js";
import { count, when } from "./text.js";

const PAGE = 15;
/** How often, and how long, the outcome of a replay is looked for. */
const LOOK_MS = 400;
const LOOKS = 40;

/** Dead letters: how many of each code, a list of one code's, and one of them with what may be done to it. */
export class DeadLetters {
  #group;
  #id;
  /** The latest request for a list: the answer to an earlier one is not shown any more. */
  #listed;

  constructor() {
    byId("letter-all").addEventListener("change", () => void this.#list());
    byId("discard-no").addEventListener("click", () => byId("discard").close());
    byId("discard-yes").addEventListener("click", () => void this.#discard());
  }

  async open() {
    await this.#groups();
    if (this.#group !== undefined) await this.#list();
  }

  async #groups() {
    const place = byId("letter-groups");
    const { body, problem } = await ask("GET", "/dead-letters/summary");
    if (problem !== undefined) return fill(place, fault(problem));
    if (body.groups.length === 0)
      return fill(place, empty("There are none: no update was rejected, or all were discarded."));
    const items = body.groups.map((group) => {
      const { code, table, open, count: all } = group;
      const chosen = this.#group?.code === code && this.#group.table === table;
      const choose = async () => {
        this.#group = { code, table };
        await Promise.all([this.#groups(), this.#list()]);
        place.querySelector("[aria-pressed=true]")?.focus();
      };
      return el(
        "li",
        {},
        el(
          "button",
          { type: "button", className: "row", "aria-pressed": String(chosen), onclick: choose },
          el("span", {}, el("b", {}, code), el("small", {}, table ?? "no table")),
          el("span", { className: "number" }, `${count(open)} open`, el("small", {}, `of ${count(all)}`)),
        ),
      );
    });
    fill(place, el("ul", { className: "rows" }, ...items));
    return undefined;
  }

  async #list(after) {
    const { code, table } = this.#group;
    const query = new URLSearchParams({ code, limit: String(PAGE) });
    if (table !== null) query.set("table", table);
    if (!byId("letter-all").checked) query.set("state", "open");
    if (after !== undefined) query.set("after", after);
    const asked = (this.#listed = {});
    const { body, problem } = await ask("GET", `/dead-letters?${query}`);
    if (this.#listed !== asked) return undefined;
    const place = byId("letter-list");
    byId("letter-list-card").hidden = false;
    byId("list-title").textContent = table === null ? code : `${code} in ${table}`;
    if (problem !== undefined) return fill(place, fault(problem));
    const items = body.deadLetters.map((head) => this.#item(head));
    const more =
      body.next === null
        ? undefined
        : el("button", { type: "button", onclick: () => void this.#list(body.next) }, "Older ones");
    if (items.length === 0) fill(place, empty("None of these is open."));
    else fill(place, el("ul", { className: "rows" }, ...items), more);
    return undefined;
  }

  #item({ id, idempotencyKey, message, lastAt, replays, replayOutcome }) {
    const state = replays === 0 ? "" : ` · replayed: ${replayOutcome ?? "sent"}`;
    return el(
      "li",
      {},
      el(
        "button",
        {
          type: "button",
          className: "row",
          "aria-pressed": String(id === this.#id),
          onclick: () => void this.#show(id, true),
        },
        el("span", {}, el("code", {}, idempotencyKey), el("small", {}, message)),
        el("span", { className: "number" }, `#${id}`, el("small", {}, when(lastAt), state)),
      ),
    );
  }

  async #show(id, focus) {
    this.#id = id;
    if (focus) {
      fill(byId("letter-result"));
      fill(byId("letter"), empty("Loading …"));
    }
    byId("letter-card").hidden = false;
    byId("letter-title").textContent = `Dead letter ${id}`;
    const { body, problem } = await ask("GET", `/dead-letters/${id}`);
    if (this.#id !== id) return;
    const act = { replay: () => this.#replay(id, false), discard: () => this.#ask(body) };
    fill(byId("letter"), ...(problem === undefined ? letterNodes(body, act) : [fault(problem)]));
    if (focus) byId("letter-title").focus();
    for (const button of byId("letter-list").querySelectorAll("button.row"))
      button.setAttribute("aria-pressed", String(button.textContent.includes(`#${id}`)));
  }

  async #replay(id, newKey) {
    const place = byId("letter-result");
    fill(place, empty("Publishing it again …"));
    const { body, problem } = await ask("POST", `/dead-letters/${id}/replay${newKey ? "?newKey=true" : ""}`);
    if (problem !== undefined) {
      const anew = /newKey=true/.test(problem.detail)
        ? el(
            "button",
            { type: "button", onclick: () => void this.#replay(id, true) },
            "Replay under another key",
          )
        : undefined;
      return fill(place, fault(problem), anew);
    }
    fill(place, empty(`Published again under the key ${body.idempotencyKey}; waiting for its outcome …`));
    const letter = await outcomeOf(id);
    fill(place, el("p", { className: "note" }, sentence(letter)));
    await this.open();
    await this.#show(id, false);
    return undefined;
  }

  #ask({ id, idempotencyKey }) {
    byId("discard-text").textContent =
      `Dead letter ${id}, key ${idempotencyKey}. It is the only copy that is kept of what was published.`;
    byId("discard").showModal();
  }

  async #discard() {
    byId("discard").close();
    const id = this.#id;
    const { problem } = await ask("DELETE", `/dead-letters/${id}`);
    const place = byId("letter-result");
    if (problem !== undefined) return fill(place, fault(problem));
    fill(place, el("p", { className: "note" }, `Dead letter ${id} is discarded.`));
    fill(byId("letter"));
    byId("letter-title").focus();
    await this.open();
    return undefined;
  }
}

/** The dead letter when the worker has noted what became of its replay, or as it is after some seconds. */
async function outcomeOf(id) {
  let letter;
  for (let look = 0; look < LOOKS && (letter?.replayOutcome ?? null) === null; look += 1) {
    if (look > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { body, problem } = await ask("GET", `/dead-letters/${id}`);
    if (problem !== undefined) return undefined;
    letter = body;
  }
  return letter;
}

function sentence(letter) {
  if (letter === undefined) return "Replayed; the dead letter is gone.";
  const { replayOutcome, code, message } = letter;
  if (replayOutcome === null) return "Replayed; no worker has settled it yet.";
  return replayOutcome === "rejected"
    ? `Replayed: rejected again, ${code}: ${message}`
    : `Replayed: ${replayOutcome}.`;
}
