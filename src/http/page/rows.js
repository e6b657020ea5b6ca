import { ask } from "./api.js";
import { byId, cell, el, empty, facts, fault, fill, table as tableOf } from "./dom.js";
import { count, valueText } from "./text.js";

const PAGE = 25;

/** A table's rows, page by page, and one of them in full; `update` is called with a table and a change of a row. */
export class Rows {
  #tables;
  #update;
  #known;
  #next;
  /** The latest request: the answer to an earlier one is not shown any more. */
  #asked;

  constructor(tables, update) {
    this.#tables = tables;
    this.#update = update;
    byId("rows-table").addEventListener("change", () => void this.#show());
    byId("rows-first").addEventListener("click", () => void this.#show());
    byId("rows-next").addEventListener("click", () => void this.#show(this.#next));
  }

  async open() {
    if (this.#known === undefined) {
      const { tables, problem } = await this.#tables.all();
      if (problem !== undefined) return fill(byId("rows"), fault(problem));
      this.#known = tables;
      fill(byId("rows-table"), ...tables.map(({ name }) => el("option", { value: name }, name)));
    }
    if (this.#known.length === 0) return fill(byId("rows"), empty("There is no table that you may read."));
    await this.#show();
    return undefined;
  }

  async #show(after) {
    const table = this.#known.find(({ name }) => name === byId("rows-table").value);
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (after !== undefined) query.set("after", after);
    const asked = (this.#asked = {});
    const { body, problem } = await ask("GET", `/tables/${encodeURIComponent(table.name)}/rows?${query}`);
    if (this.#asked !== asked) return undefined;
    byId("row-card").hidden = true;
    this.#next = body?.next ?? undefined;
    byId("rows-next").hidden = this.#next === undefined;
    byId("rows-status").textContent =
      problem === undefined
        ? `${count(body.rows.length)} ${body.rows.length === 1 ? "row" : "rows"}${this.#next === undefined ? "" : ", and there are more"}`
        : "";
    if (problem !== undefined) return fill(byId("rows"), fault(problem));
    if (body.rows.length === 0)
      return fill(byId("rows"), empty(after === undefined ? "The table is empty." : "No more rows."));
    const names = table.columns.map(({ name }) => name);
    const rows = body.rows.map((row) => [
      this.#opener(table, row),
      ...names.map((name) => valueCell(row[name])),
    ]);
    fill(byId("rows"), tableOf(`Rows of ${table.name}`, ["", ...names], rows));
    return undefined;
  }

  #opener(table, row) {
    const label = `Show row ${table.key.map((name) => valueText(row[name])).join(", ")}`;
    const open = () => {
      byId("row-card").hidden = false;
      const values = table.columns.map(({ name }) => [name, el("code", {}, valueText(row[name]))]);
      const change = () => this.#update(table.name, changeOf(table, row));
      const send = el("button", { type: "button", onclick: change }, "Send an update of this row");
      fill(byId("row"), el("div", { className: "actions" }, send), facts(values));
      byId("row-title").focus();
    };
    return el(
      "td",
      {},
      el("button", { type: "button", className: "quiet", "aria-label": label, onclick: open }, "Show"),
    );
  }
}

function valueCell(value) {
  const text = valueText(value);
  const kind =
    value === null ? "null" : typeof value === "number" || /^-?\d+(?:\.\d+)?$/.test(text) ? "number" : "";
  return cell(text, `value ${kind}`);
}

function changeOf(table, row) {
  return JSON.stringify(
    { key: Object.fromEntries(table.key.map((name) => [name, row[name]])), set: {} },
    null,
    2,
  );
}
