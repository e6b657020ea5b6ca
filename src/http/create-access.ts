import { operatorRefusal, type Policy, readRefusal, refusalOf, strangerRefusal } from "../messages/policy.ts";
import { PRINCIPAL_ATTRIBUTE, SIGNATURE_ATTRIBUTE, type Signer } from "../messages/principal.ts";
import type { Access } from "./access.ts";
import type { Authenticate } from "./credentials.ts";
import { HttpProblem, type ProblemMembers } from "./problem.ts";

export interface AccessRules {
  readonly authenticate: Authenticate;
  /** undefined: who is authenticated may do everything. */
  readonly policy: Policy | undefined;
  /** undefined: principals travel unsigned. */
  readonly signer: Signer | undefined;
}

/** Access by authentication, with the grants of a policy; each principal travels with its updates. */
export function createAccess({ authenticate, policy, signer }: AccessRules): Access {
  return {
    authenticate: policy === undefined ? authenticate : knownTo(policy, authenticate),
    refusal: ({ name }, update) => (policy === undefined ? undefined : refusalOf(policy, name, update)),
    mayRead: ({ name }, table) => {
      const refusal = policy === undefined ? undefined : readRefusal(policy, name, table);
      if (refusal !== undefined) throw forbidden(refusal, { rule: "grant", table });
    },
    mayOperate: ({ name }) => {
      const refusal = policy === undefined ? undefined : operatorRefusal(policy, name);
      if (refusal !== undefined) throw forbidden(refusal, { rule: "grant" });
    },
    attributes: ({ name: principal }, { key, fingerprint }) => {
      const named = { [PRINCIPAL_ATTRIBUTE]: principal };
      if (signer === undefined) return named;
      return { ...named, [SIGNATURE_ATTRIBUTE]: signer.sign({ principal, key, fingerprint }) };
    },
  };
}

/** Who is not in the policy asks nothing: an issuer such as Google gives a token to anybody. */
function knownTo(policy: Policy, authenticate: Authenticate): Authenticate {
  return async (headers) => {
    const principal = await authenticate(headers);
    const refusal = strangerRefusal(policy, principal.name);
    if (refusal !== undefined) throw forbidden(refusal, { rule: "grant" });
    return principal;
  };
}

function forbidden(detail: string, members: ProblemMembers): HttpProblem {
  return new HttpProblem("forbidden", detail, { members });
}
