import { readJson } from "./text.js";

const KEY = "rowpost-key";

/** The API key or token of this tab; null when there is none. */
export function key() {
  return sessionStorage.getItem(KEY);
}

export function setKey(value) {
  if (value === null) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, value);
}

/** What a request says of who asks. */
export function authorization() {
  const own = key();
  return own === null ? {} : { authorization: `Bearer ${own}` };
}

/** Told when the server does not know who asks: an event `unauthenticated`, with the problem. */
export const signals = new EventTarget();

/**
 * Asks the server. Gives the status, the body (JSON with its numbers exact), and the problem when it is one; an answer that
 * does not come is a problem too. Never rejects.
 */
export async function ask(method, path, { body, headers = {} } = {}) {
  let response;
  let text;
  try {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const all = { ...type, ...authorization(), ...headers };
    response = await fetch(path, { method, headers: all, ...(body === undefined ? {} : { body }) });
    text = await response.text();
  } catch {
    return failed(0, { code: "no_answer", detail: "The server does not answer. Is it still running?" });
  }
  const isJson = /json/.test(response.headers.get("content-type") ?? "");
  const content = isJson && text !== "" ? readJson(text) : undefined;
  if (response.status < 400) return { status: response.status, body: content };
  const { status } = response;
  const problem = content ?? { code: String(status), detail: `The server answered with status ${status}.` };
  if (status === 401) signals.dispatchEvent(new CustomEvent("unauthenticated", { detail: problem }));
  return failed(status, problem);
}

function failed(status, problem) {
  return { status, problem };
}
