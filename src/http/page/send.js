import { ask } from "./api.js";
import { byId, cell, el, empty, facts, fault, fill, outcomeMark, table as tableOf } from "./dom.js";
import { template } from "./tables.js";
import { took, when } from "./text.js";

/** The form that sends one update, and what became of it. */
export class Send {
  #tables;
  #known;
  /** What the editor was filled with: as long as it holds just that, it may be filled anew. */
  #filled = "";
  #wanted;

  constructor(tables) {
    this.#tables = tables;
    byId("send-table").addEventListener("change", () => this.#choose());
    byId("send-operation").addEventListener("change", () => this.#fill(false));
    byId("send-fill").addEventListener("click", () => this.#fill(true));
    byId("send-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
    byId("send-json").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("send-form").requestSubmit();
    });
  }

  async open() {
    if (this.#known === undefined) {
      const { tables, problem } = await this.#tables.all();
      if (problem !== undefined) return fill(byId("send-result"), fault(problem));
      this.#known = tables;
      fill(byId("send-table"), ...tables.map(({ name }) => el("option", { value: name }, name)));
      this.#choose();
    }
    if (this.#wanted !== undefined) this.#take(this.#wanted);
    this.#wanted = undefined;
  }

  /** Fills the form with a change of a row, shown when the view opens. */
  prefill(table, change) {
    this.#wanted = { table, change };
  }

  #take({ table, change }) {
    byId("send-table").value = table;
    this.#choose();
    const operations = [...byId("send-operation").options].map(({ value }) => value);
    if (operations.includes("update")) byId("send-operation").value = "update";
    byId("send-json").value = change;
  }

  get #table() {
    const name = byId("send-table").value;
    return this.#known?.find((one) => one.name === name);
  }

  #choose() {
    const table = this.#table;
    if (table === undefined) return;
    const before = byId("send-operation").value;
    const operations = table.operations;
    fill(byId("send-operation"), ...operations.map((one) => el("option", { value: one }, one)));
    byId("send-operation").value = operations.includes(before) && before !== "" ? before : first(operations);
    this.#fill(false);
    const rows = table.columns.map((column) => [
      cell(el("code", {}, column.name)),
      cell(column.type),
      cell(noteOf(column, table)),
    ]);
    fill(byId("send-columns"), tableOf(`Columns of ${table.name}`, ["Column", "Type", ""], rows));
  }

  #fill(anyway) {
    const editor = byId("send-json");
    if (!anyway && editor.value !== this.#filled) return;
    this.#filled = template(this.#table, byId("send-operation").value);
    editor.value = this.#filled;
  }

  async #send() {
    const result = byId("send-result");
    const button = byId("send-button");
    if (button.getAttribute("aria-disabled") === "true") return undefined;
    const body = bodyOf(byId("send-table").value, byId("send-operation").value, byId("send-json").value);
    if (body.fault !== undefined) return fill(result, fault({ detail: body.fault }));
    const own = byId("send-key").value.trim();
    const headers = { prefer: "wait=10", ...(own === "" ? {} : { "idempotency-key": own }) };
    button.setAttribute("aria-disabled", "true");
    fill(result, empty("Sent; waiting for its receipt …"));
    show(result, await ask("POST", "/updates", { body: body.text, headers }));
    button.removeAttribute("aria-disabled");
    return undefined;
  }
}

function first(operations) {
  return operations.includes("upsert") ? "upsert" : operations[0];
}

function noteOf({ name, nullable, optional, readOnly, generated, autoIncrement }, { key, version }) {
  if (key.includes(name)) return autoIncrement ? "key, made by the server if left out" : "key";
  if (name === version) return "version";
  if (readOnly || generated) return "never written";
  return optional ? (nullable ? "may be null" : "has a default") : "needed to insert";
}

/** The update as text, its numbers as they were typed: table and operation are put before the editor's own members. */
function bodyOf(table, operation, typed) {
  const change = typed.trim();
  try {
    JSON.parse(change);
  } catch (error) {
    return { fault: `The change is not JSON: ${error.message}` };
  }
  if (!change.startsWith("{")) return { fault: "The change must be a JSON object, with key and set." };
  const rest = change.slice(1).trim();
  const head = `{"table":${JSON.stringify(table)},"op":${JSON.stringify(operation)}`;
  return { text: rest === "}" ? `${head}}` : `${head},${rest}` };
}

function show(place, { status, body, problem }) {
  if (problem !== undefined) return fill(place, ...problemNodes(problem));
  if (status === 202) {
    const look = async () => {
      const answer = await ask("GET", body.location);
      show(place, answer.problem === undefined ? receiptAnswer(answer) : answer);
    };
    const again = el("button", { type: "button", onclick: look }, "Look again");
    return fill(
      place,
      el(
        "p",
        { className: "note" },
        "The broker has it, but it was not applied in time. Is a worker running?",
      ),
      facts([["Key", el("code", {}, body.idempotencyKey)]]),
      el("div", { className: "actions" }, again),
    );
  }
  fill(place, ...receiptNodes(body));
}

/** A receipt that was asked for says of a rejection what a problem says. */
function receiptAnswer(answer) {
  const { rejection, idempotencyKey } = answer.body;
  return rejection === undefined
    ? answer
    : { status: 409, problem: { ...rejection, detail: rejection.message, idempotencyKey } };
}

function receiptNodes(receipt) {
  return [
    el("p", { className: "verdict" }, outcomeMark(receipt.outcome), ` ${SENTENCES[receipt.outcome] ?? ""}`),
    facts([
      ["Key", el("code", {}, receipt.idempotencyKey)],
      ["Rows changed", String(receipt.rowsChanged)],
      ["Rows made", String(receipt.rowsInserted)],
      ["Applied", when(receipt.appliedAt)],
      ["Took", took(receipt.publishedAt, receipt.appliedAt)],
    ]),
  ];
}

const SENTENCES = {
  applied: "The rows are as you asked.",
  unchanged: "The rows already were as you asked.",
  stale: "The row has a newer version; nothing was changed.",
};

/** A problem: its code, its sentence, where; and all faults when there are several. */
export function problemNodes(problem) {
  const errors = problem.errors ?? [];
  return [
    el(
      "p",
      { className: "verdict" },
      el("span", { className: "mark rejected" }, problem.code),
      ` ${problem.detail}`,
    ),
    facts([
      ["Where", problem.pointer && el("code", {}, problem.pointer)],
      ["Rule", problem.rule],
      ["Column", problem.column],
      ["Index", problem.index],
      ["Key", problem.idempotencyKey && el("code", {}, problem.idempotencyKey)],
    ]),
    errors.length > 1
      ? el(
          "ul",
          {},
          ...errors.map(({ pointer = "", detail }) => el("li", {}, el("code", {}, pointer), ` ${detail}`)),
        )
      : undefined,
  ];
}
