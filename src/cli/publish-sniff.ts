/** How a file is written. */
export const FORMATS = ["ndjson", "json", "csv"] as const;
export type Format = (typeof FORMATS)[number];

const EXTENSIONS: Readonly<Record<string, Format>> = {
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".json": "json",
  ".csv": "csv",
  ".tsv": "csv",
};

/** The format that a file's name promises; undefined when it promises none. */
export function formatByName(name: string): Format | undefined {
  return EXTENSIONS[/\.[^./\\]+$/.exec(name)?.[0].toLowerCase() ?? ""];
}

/**
 * The format that the first bytes of an input look like: an array is JSON; an object that fills the first line is NDJSON,
 * unless it is an object of rows (its first member is an object and no column); any other text is CSV.
 */
export function sniffFormat(head: Buffer, columns: ReadonlySet<string>): Format {
  const text = head.toString("utf8").trimStart();
  if (text.startsWith("[")) {
    return "json";
  }
  if (!text.startsWith("{")) {
    return "csv";
  }
  const first = firstMember(head);
  if (columns.size > 0 && first?.opens === "{" && !columns.has(first.name)) {
    return "json";
  }
  const end = text.indexOf("\n");
  return end === -1 || isObject(text.slice(0, end)) ? "ndjson" : "json";
}

/** The name of an object's first member, and the first character of its value. */
export interface FirstMember {
  readonly name: string;
  readonly opens: string;
}

/** The first member of the object that the input begins with; undefined when it begins with none, or with `{}`. */
export function firstMember(head: Buffer): FirstMember | undefined {
  const match = /^\s*\{\s*("(?:[^"\\]|\\.)*")\s*:\s*(\S)/.exec(head.toString("utf8"));
  const [, name, opens] = match ?? [];
  if (name === undefined || opens === undefined) {
    return undefined;
  }
  try {
    return { name: String(JSON.parse(name)), opens };
  } catch {
    return undefined;
  }
}

/** Why the first bytes can't be text in UTF-8, whatever the format; undefined when they can. `command` is who reads it. */
export function encodingFault(head: Buffer, command = "publish"): string | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) {
    return `is compressed by gzip: unpack it first, as in \`gunzip -c FILE | rowpost ${command} -\``;
  }
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04) {
    return "is a ZIP archive (as spreadsheets are): unpack it, or save it as CSV in UTF-8";
  }
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (utf16 || head.subarray(0, 64).includes(0)) {
    return "is not UTF-8 (it looks like UTF-16 or like no text at all): convert it, as with `iconv -f utf-16 -t utf-8`";
  }
  return undefined;
}

function isObject(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
