import { z } from "zod";
import type { Value } from "./definition.ts";
import { Fault } from "./fault.ts";
import type { JsonSchema } from "./kinds/kind.ts";

/** What a {@link Wire} is made of. */
export interface WireDef extends z.core.$ZodTypeDef {
  readonly type: "custom";
  /** Takes undefined for an absent value; gives undefined back where absence is allowed. */
  readonly check: (input: unknown) => Value | undefined | Fault;
  /** Judges the canonical value; null is not shown to it. */
  readonly rule: z.ZodType | undefined;
  readonly json: JsonSchema;
  readonly optional: boolean;
}

interface WireInternals extends z.core.$ZodTypeInternals<Value, unknown> {
  def: WireDef;
}

/** A zod schema around one check, without the closures of `z.transform`: every value of every message passes one. */
export interface Wire extends z.ZodType<Value> {
  _zod: WireInternals;
}

export const Wire: z.core.$constructor<Wire, WireDef> = z.core.$constructor("RowpostWire", (inst, def) => {
  z.ZodType.init(inst, def);
  const { check, rule } = def;
  if (def.optional) {
    inst._zod.optin = "optional";
    inst._zod.optout = "optional";
  }
  inst._zod.parse = (payload, context) => {
    const value = check(payload.value);
    if (value instanceof Fault) {
      payload.issues.push(issueOf(value, payload.value, inst));
      return payload;
    }
    payload.value = value as Value;
    return rule === undefined || value === null || value === undefined
      ? payload
      : judge(rule, payload, context);
  };
  inst._zod.toJSONSchema = () => structuredClone(def.json);
});

/** A zod issue of one fault: code `custom`, the rule in `params`. */
export function issueOf(
  fault: Fault,
  input: unknown,
  inst: z.core.$ZodType,
  path?: PropertyKey[],
): z.core.$ZodRawIssue {
  const issue = {
    code: "custom",
    input,
    inst,
    message: fault.message,
    params: { rule: fault.rule },
  } as const;
  return path === undefined ? issue : { ...issue, path };
}

/** Does the rule accept the value? */
export function obeys(rule: z.ZodType | undefined, value: Value): boolean {
  return rule === undefined || value === null || rule.safeParse(value).success;
}

function judge<P extends z.core.ParsePayload>(
  rule: z.ZodType,
  payload: P,
  context: z.core.ParseContextInternal,
): P {
  const result = rule._zod.run({ value: payload.value, issues: [] }, context);
  if (result instanceof Promise) {
    throw new TypeError("a column's rule must not be asynchronous");
  }
  payload.issues.push(...result.issues);
  return payload;
}
