/** The element of this id; throws when there is none. */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no #${id}`);
  return found;
}

/**
 * Makes an element. Properties are set as properties, those with a dash and `role` as attributes, `on…` as listeners;
 * children are nodes or text, which is never read as markup.
 */
export function el(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

/** Shows `children` and nothing else in `parent`. */
export function fill(parent, ...children) {
  parent.replaceChildren(...children.filter((child) => child !== undefined && child !== null));
}

export function empty(text) {
  return el("p", { className: "empty" }, text);
}

/** Something went wrong: in the server's own sentence. */
export function fault(problem) {
  return el("p", { className: "note bad" }, problem.detail);
}

/** An outcome as a mark: its colour and its word. */
export function outcomeMark(outcome) {
  return el("span", { className: `mark ${outcome}` }, outcome);
}

/** Names and values, those that have one; a value is text or a node. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return el(
    "dl",
    { className: "facts" },
    ...known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/** A table in a region that scrolls sideways where it is too wide; `label` names it. */
export function table(label, titles, rows) {
  const head = titles.map((title) => el("th", { scope: "col" }, title));
  const body = rows.map((cells) => el("tr", {}, ...cells));
  return el(
    "div",
    { className: "scroll", tabIndex: 0, role: "region", "aria-label": label },
    el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body)),
  );
}

export function cell(content, className = "") {
  return el("td", { className }, content);
}
