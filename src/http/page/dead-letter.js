import { el, empty, facts, outcomeMark } from "./dom.js";
import { count, when } from "./text.js";

/** All that is kept of a dead letter, and the buttons for what may be done to it. */
export function letterNodes(letter, { replay, discard }) {
  const { code, message, data, dataBase64, bytes } = letter;
  const attributes = Object.entries(letter.attributes);
  const settled = letter.replayOutcome !== null && letter.replayOutcome !== "rejected";
  return [
    el("p", { className: "verdict" }, el("span", { className: "mark rejected" }, code), ` ${message}`),
    el(
      "div",
      { className: "actions" },
      settled ? undefined : el("button", { type: "button", className: "main", onclick: replay }, "Replay"),
      el("button", { type: "button", className: "danger", onclick: discard }, "Discard …"),
    ),
    rejectionFacts(letter),
    el("h3", {}, `Original (${count(bytes)} bytes${data === undefined ? ", Base64" : ""})`),
    el("pre", { tabIndex: 0, role: "region", "aria-label": "Original data" }, data ?? dataBase64),
    el("h3", {}, "Attributes"),
    attributes.length === 0
      ? empty("It has none.")
      : facts(attributes.map(([name, value]) => [name, el("code", {}, value)])),
  ];
}

function rejectionFacts(letter) {
  const code = (text) => text && el("code", {}, text);
  const replayed =
    letter.replayOutcome === null
      ? "sent, not settled yet"
      : el("span", {}, outcomeMark(letter.replayOutcome), ` ${when(letter.replayedAt ?? letter.lastAt)}`);
  return facts([
    ["Key", code(letter.idempotencyKey)],
    ["Where", code(letter.pointer)],
    ["Rule", letter.rule],
    ["Table", letter.table],
    ["Column", letter.column],
    ["Index", letter.index],
    ["Server's error", letter.errno],
    ["Published", when(letter.publishedAt)],
    ["First rejected", when(letter.firstAt)],
    ["Last change", when(letter.lastAt)],
    ["Deliveries", String(letter.deliveries)],
    ["Last replay", letter.replays === 0 ? undefined : replayed],
  ]);
}
