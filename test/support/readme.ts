import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The README as it stands. */
export const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");

/** The text under a heading, up to the next heading of its level or above. Throws when there is no such heading. */
export function section(heading: string): string {
  const level = heading.indexOf(" ");
  const [, behind] = `\n${README}`.split(`\n${heading}\n`);
  if (behind === undefined) throw new Error(`the README has no heading ${JSON.stringify(heading)}`);
  const end = behind.search(new RegExp(`^#{1,${level}} `, "m"));
  return end < 0 ? behind : behind.slice(0, end);
}

/** The lines of the table with this head (`| a | b |`), without head and rule. Throws when there is none. */
export function tableLines(head: string): string[] {
  const [, behind] = README.split(`\n${head}\n`);
  if (behind === undefined) throw new Error(`the README has no table with the head ${head}`);
  const [, ...lines] = behind.split("\n");
  return lines.slice(
    0,
    lines.findIndex((line) => line === ""),
  );
}

/** The cells of a table's line, with `\|` read as `|`. */
export function cells(line: string): string[] {
  const inner = line.replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** What stands in the fenced blocks of a language ("": those without one; of any, when not given), each with its last line feed. */
export function blocks(text: string, language?: string): string[] {
  const found = [...text.matchAll(FENCED)].map(([, name = "", block = ""]) => ({ name, block }));
  return found.filter(({ name }) => language === undefined || name === language).map(({ block }) => block);
}

const FENCED = /^```([a-z]*)\n([^]*?)^```$/gm;

/** What stands in `code` within lines, without the fenced blocks. */
export function spans(text: string): string[] {
  return [...text.replace(FENCED, "").matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
}

/** The one file by which the README shows how a table is added, and the arguments of the commands that follow it. */
export function sixthTable(): {
  readonly file: string;
  readonly text: string;
  readonly commands: string[][];
} {
  const adding = section("## Adding a table");
  const [file] = spans(adding).filter((span) => span.startsWith("src/tables/definitions/"));
  const [text] = blocks(adding, "ts");
  const [shell] = blocks(adding, "sh");
  if (file === undefined || text === undefined || shell === undefined) {
    throw new Error("the README shows no file, no definition or no commands");
  }
  const commands = shell
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^npm run rowpost -- /, "").replace(/\s+#.*$/, ""));
  return { file, text, commands: commands.map((command) => command.split(" ")) };
}
