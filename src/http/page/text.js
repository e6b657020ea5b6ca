const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "2-digit",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A number for people: 12,345. Only for counts; ids are text and stay as they are. */
export function count(number) {
  return NUMBER.format(number);
}

/** The time of day, and the day too when it is another one, in the reader's zone. */
export function when(instant) {
  const moment = new Date(instant);
  const today = moment.toDateString() === new Date().toDateString();
  return (today ? CLOCK : MOMENT).format(moment);
}

/** The time from one instant to another: 12 ms, 3.4 s, 5 min. */
export function took(from, to) {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${count(ms / 1000)} s` : `${count(ms / 60_000)} min`;
}

/** A value of a row as text: NULL is a word, JSON is JSON. */
export function valueText(value) {
  if (value === null) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Reads JSON; numbers that JavaScript would change stay the text that they are. */
export function readJson(text) {
  return JSON.parse(text, (_key, value, context) => {
    const source = context?.source;
    return typeof value === "number" && source !== undefined && String(value) !== source ? source : value;
  });
}
