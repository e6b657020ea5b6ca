import { key, setKey, signals } from "./api.js";
import { DeadLetters } from "./dead-letters.js";
import { byId } from "./dom.js";
import { follow } from "./events.js";
import { Overview } from "./overview.js";
import { Rows } from "./rows.js";
import { Send } from "./send.js";
import { Tables } from "./tables.js";

const STATES = { live: "Live", waiting: "Connecting", lost: "No connection; trying again" };
const VIEWS = ["overview", "send", "dead-letters", "tables"];

const tables = new Tables();
const overview = new Overview();
const send = new Send(tables);
const opened = {
  overview: () => {},
  send: () => send.open(),
  "dead-letters": () => letters.open(),
  tables: () => rows.open(),
};
const letters = new DeadLetters();
const rows = new Rows(tables, (table, change) => {
  send.prefill(table, change);
  location.hash = "#send";
});

/** Shows the view that the address names, and moves the focus to its title when somebody went there. */
function route(focus) {
  const named = location.hash.slice(1);
  const view = VIEWS.includes(named) ? named : "overview";
  // The link that skips to the content leaves the view as it is.
  if (named === "main" && focus) return;
  show(view);
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = document.querySelector(`[data-view="${view}"] h1`);
  document.title = `${title.textContent} – rowpost`;
  if (focus) title.focus();
  void opened[view]();
}

function show(view) {
  for (const section of document.querySelectorAll("[data-view]"))
    section.hidden = section.dataset.view !== view;
}

let asking = false;

/** The server does not know who asks: everything else waits for a key. */
function askForKey({ detail: problem }) {
  if (asking) return;
  asking = true;
  show("access");
  state("lost", "Not signed in");
  byId("access-fault").hidden = key() === null;
  byId("access-fault").textContent = problem.detail;
  byId("access-key").focus();
}

function state(name, text = STATES[name]) {
  const live = byId("live");
  live.dataset.state = name;
  if (live.textContent !== text) live.textContent = text;
}

signals.addEventListener("unauthenticated", askForKey);
byId("access-form").addEventListener("submit", (event) => {
  event.preventDefault();
  setKey(byId("access-key").value.trim());
  location.reload();
});
byId("forget").hidden = key() === null;
byId("forget").addEventListener("click", () => {
  setKey(null);
  location.reload();
});
addEventListener("hashchange", () => {
  if (!asking) route(true);
});
route(false);
follow({
  counters: (sample) => overview.show(sample),
  state: (name) => {
    if (!asking) state(name);
  },
  refused: (problem) => {
    state("lost", "Not allowed");
    byId("trouble").hidden = false;
    byId("trouble").textContent = problem.detail;
  },
});
