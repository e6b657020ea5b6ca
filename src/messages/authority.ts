import { forbidden, type Policy, refusalOf } from "./policy.ts";
import { PRINCIPAL_ATTRIBUTE, SIGNATURE_ATTRIBUTE, type Signer } from "./principal.ts";
import { quote } from "./quote.ts";
import type { Rejection } from "./rejection.ts";
import type { Fingerprint, IdempotencyKey, Message, Update } from "./update.ts";

/** Judges whether the publisher of a well-formed update may do it. */
export interface Authority {
  /** Why it may not, `forbidden`; undefined when it may. */
  refusal(update: Update, of: Judged): Rejection | undefined;
}

/** A message with what its decoding has found. */
export interface Judged {
  readonly message: Message;
  readonly key: IdempotencyKey;
  readonly fingerprint: Fingerprint;
}

/** What the worker enforces; without a policy, principals are only verified, and without a signer they are believed. */
export interface AuthorityRules {
  readonly policy: Policy | undefined;
  readonly signer: Signer | undefined;
}

/** The authority of these rules; undefined when there are none. Pure: the same message always gets the same answer. */
export function createAuthority({ policy, signer }: AuthorityRules): Authority | undefined {
  if (policy === undefined && signer === undefined) return undefined;
  return {
    refusal: (update, judged) => {
      const { attributes } = judged.message;
      const principal = attributes[PRINCIPAL_ATTRIBUTE];
      if (principal === undefined && attributes[SIGNATURE_ATTRIBUTE] === undefined)
        return policy?.topic === "none" ? NAMELESS : undefined;
      const unproven = signer === undefined ? undefined : signatureFault(principal ?? "", judged, signer);
      if (unproven !== undefined) return unproven;
      return policy === undefined ? undefined : refusalOf(policy, principal ?? "", update);
    },
  };
}

const NAMELESS = forbidden(
  "The message names no principal, and the policy grants nothing to messages that were published to the topic directly.",
);

function signatureFault(
  principal: string,
  { message, key, fingerprint }: Judged,
  signer: Signer,
): Rejection | undefined {
  const signature = message.attributes[SIGNATURE_ATTRIBUTE];
  const who = `The principal ${quote(principal)}`;
  if (signature === undefined) {
    const text = `${who} is not signed: the attribute ${SIGNATURE_ATTRIBUTE} is missing.`;
    return forbidden(text, { rule: "signature" });
  }
  if (signer.verify(signature, { principal, key, fingerprint })) return undefined;
  const text = `${who} is not proven: the signature is not that of this principal, key and update by a known signing key.`;
  return forbidden(text, { rule: "signature" });
}

/**
 * The attributes of a message under another key, signed anew where its principal is proven; or why it cannot be signed, in a
 * sentence without its stop. What nobody proved stays as it is: another key must not make it look proven.
 */
export function signAnew(
  signer: Signer | undefined,
  before: Judged,
  key: string,
):
  | { readonly attributes: Readonly<Record<string, string>>; readonly fault?: undefined }
  | { readonly fault: string } {
  const { message, fingerprint } = before;
  const { attributes } = message;
  const principal = attributes[PRINCIPAL_ATTRIBUTE];
  const signature = attributes[SIGNATURE_ATTRIBUTE];
  if (principal === undefined || signature === undefined) return { attributes };
  if (signer === undefined) return { fault: NO_SIGNING_KEY };
  if (!signer.verify(signature, { principal, key: before.key, fingerprint })) return { attributes };
  return {
    attributes: { ...attributes, [SIGNATURE_ATTRIBUTE]: signer.sign({ principal, key, fingerprint }) },
  };
}

const NO_SIGNING_KEY =
  "its principal is signed for its own key: set PUBLISHER_SIGNING_KEY as the worker has it, so that it can be signed for another one";
