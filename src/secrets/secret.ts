/** Where a secret comes from. Structurally what the configuration says. */
export type SecretSource =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "gcp-secret"; readonly version: string };

/** A text that may change while the program runs. Structurally what the store wants for a password. */
export interface Secret {
  /** What it is now; rejects with a sentence, which never holds it, and {@link SECRET_UNAVAILABLE} when it cannot be had. */
  read(): Promise<string>;
  /** A server has refused what `read` gave: the next `read` asks where it comes from. */
  refused(): void;
}

/** The code of the one error that a secret rejects with: trouble of the environment, whoever meets it. */
export const SECRET_UNAVAILABLE = "SECRET_UNAVAILABLE";

/**
 * The error of a secret that cannot be had. It has no `cause` on purpose: what clients throw may quote what they have read,
 * or the headers that they sent.
 */
export function unavailable(sentence: string): Error {
  return Object.assign(new Error(sentence), { code: SECRET_UNAVAILABLE });
}
