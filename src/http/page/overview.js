import { OUTCOMES, RateChart, total } from "./chart.js";
import { byId, cell, el, empty, fill, outcomeMark, table } from "./dom.js";
import { count, took, when } from "./text.js";

/** As the server counts them: as many, or more. */
const MOST_OPEN = 10_000;
const NOTHING = { applied: 0, unchanged: 0, stale: 0, rejected: 0 };

/** The live counters, the chart and the newest receipts. `show` takes an event `counters`. */
export class Overview {
  #chart = new RateChart(byId("chart"));
  #minute = [];
  #receipts = "";

  constructor() {
    this.#legend();
    fill(byId("receipts"), empty("Waiting for the first look at the database."));
  }

  show({ seconds, publishing, waiting, database, trouble }) {
    const settled = database?.settled ?? NOTHING;
    byId("figure-publishing").textContent = count(publishing);
    byId("figure-waiting").textContent = count(waiting);
    byId("trouble").hidden = trouble === undefined;
    byId("trouble").textContent = trouble ?? "";
    this.#open(database?.deadLettersOpen);
    if (seconds > 0) {
      const rates = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, settled[outcome] / seconds]));
      this.#chart.add(rates);
      this.#minute = [...this.#minute, settled].slice(-60);
      const rate = total(rates);
      byId("figure-rate").textContent = database === null ? "–" : count(rate < 10 ? rate : Math.round(rate));
    }
    this.#legend();
    if (database !== null) this.#list(database.receipts);
    else if (this.#receipts === "") fill(byId("receipts"), empty("No receipts are known here."));
  }

  #open(open) {
    const text = open === undefined ? "–" : open >= MOST_OPEN ? `${count(MOST_OPEN)}+` : count(open);
    byId("figure-open").textContent = text;
    const badge = byId("open-count");
    badge.hidden = open === undefined || open === 0;
    badge.textContent = text;
  }

  #legend() {
    const sum = (outcome) => this.#minute.reduce((all, settled) => all + settled[outcome], 0);
    const items = OUTCOMES.map((outcome) =>
      el(
        "li",
        {},
        el("span", { className: `swatch ${outcome}` }),
        `${outcome} `,
        el("b", {}, count(sum(outcome))),
      ),
    );
    fill(byId("legend"), ...items);
  }

  #list(receipts) {
    const state = receipts.map(({ id }) => id).join();
    if (state === this.#receipts && state !== "") return;
    this.#receipts = state;
    const place = byId("receipts");
    if (receipts.length === 0) return fill(place, empty("No update has been settled yet."));
    const rows = receipts.map((one) => [
      cell(when(one.appliedAt), "number"),
      cell(el("span", {}, outcomeMark(one.outcome), one.code === null ? "" : ` ${one.code}`)),
      cell(el("code", { title: one.idempotencyKey }, one.idempotencyKey), "key"),
      cell(count(one.rowsChanged), "number right"),
      cell(took(one.publishedAt, one.appliedAt), "number right"),
    ]);
    const titles = ["Time", "Outcome", "Idempotency key", "Rows", "Took"];
    const had = place.contains(document.activeElement);
    fill(place, table("Newest receipts", titles, rows));
    if (had) place.querySelector(".scroll").focus();
  }
}
