import assert from "node:assert/strict";

/** Fails unless the text holds the words, in which each `…` stands for anything on one line. */
export function assertSays(text: string, words: string): void {
  const pattern = words.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  assert.match(text, new RegExp(pattern.join(".+")));
}
