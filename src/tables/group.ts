import { z } from "zod";
import type { Fault } from "./fault.ts";
import type { JsonSchema } from "./kinds/kind.ts";
import { LosslessNumber } from "./lossless-number.ts";
import { issueOf } from "./wire.ts";

/** A fault of an object as a whole, or of the member at `path`. */
export interface GroupFault {
  readonly fault: Fault;
  readonly path: string[];
}

/** What a {@link Group} is made of. */
export interface GroupDef<Shape extends z.core.$ZodShape> extends z.core.$ZodObjectDef<Shape> {
  /** Names that are known, but not wanted here, and why. Only looked at when the object has other members. */
  readonly refusals?: ReadonlyMap<string, Fault> | undefined;
  /** A rule between members, for an object whose members are all right. */
  readonly rule?: ((value: Record<string, unknown>) => GroupFault | undefined) | undefined;
  /** Members of the object's own JSON Schema, beside what zod prints. */
  readonly json?: JsonSchema | undefined;
}

interface GroupInternals<Shape extends z.core.$ZodShape>
  extends z.core.$ZodObjectInternals<Shape, z.core.$strict> {
  def: GroupDef<Shape>;
}

/**
 * zod's strict object that knows why a name is refused, and that is not fooled by a {@link LosslessNumber}, which is a
 * number on the wire although an object in JavaScript. Objects that are all right take zod's compiled path only.
 */
export interface Group<Shape extends z.core.$ZodShape = z.core.$ZodShape>
  extends z.ZodObject<Shape, z.core.$strict> {
  _zod: GroupInternals<Shape>;
}

export const Group: z.core.$constructor<Group, GroupDef<z.core.$ZodShape>> = z.core.$constructor(
  "RowpostGroup",
  (inst, def) => {
    z.ZodObject.init(inst, def);
    const parse = inst._zod.parse;
    const { refusals, rule } = def;
    inst._zod.parse = (payload, context) => {
      const input: unknown = payload.value;
      if (input instanceof LosslessNumber) {
        payload.issues.push({ code: "invalid_type", expected: "object", input, inst });
        return payload;
      }
      const result = parse(payload, context) as typeof payload;
      if (result.issues.length > 0) {
        result.issues =
          refusals === undefined ? result.issues : explained(result.issues, refusals, input, inst);
      } else if (rule !== undefined) {
        const broken = rule(result.value);
        if (broken !== undefined) {
          result.issues.push(issueOf(broken.fault, input, inst, broken.path));
        }
      }
      return result;
    };
  },
);

/** A {@link Group} of these members and no others. */
export function group(
  shape: z.core.$ZodShape,
  extra: Pick<GroupDef<z.core.$ZodShape>, "refusals" | "rule" | "json">,
) {
  return new Group({ type: "object", shape, catchall: z.never(), ...extra });
}

/** Takes the known names out of zod's report of unknown ones, each with its reason. */
function explained(
  issues: readonly z.core.$ZodRawIssue[],
  refusals: ReadonlyMap<string, Fault>,
  input: unknown,
  inst: z.core.$ZodType,
): z.core.$ZodRawIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys") {
      return [issue];
    }
    const unknown = issue.keys.filter((name) => !refusals.has(name));
    const known = issue.keys.flatMap((name) => {
      const fault = refusals.get(name);
      return fault === undefined ? [] : [issueOf(fault, input, inst, [name])];
    });
    return unknown.length === 0 ? known : [{ ...issue, keys: unknown }, ...known];
  });
}
