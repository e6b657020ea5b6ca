/** A secret's bytes as text, or what is wrong with them. */
export type SecretText = { readonly text: string } | { readonly fault: string };

/**
 * Bytes of a file or of a payload as text: UTF-8, without one line break at the end, which is `echo`'s and the editors', and
 * without a byte order mark. Nothing else is trimmed.
 */
export function secretText(bytes: Uint8Array): SecretText {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    return { fault: "is not UTF-8 text" };
  }
  return text === "" ? { fault: "is empty" } : { text };
}
