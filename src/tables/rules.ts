import type { z } from "zod";

const CHANGING: ReadonlySet<string> = new Set(["transform", "pipe", "default", "prefault", "catch"]);

/** Parts of a zod definition that a rule may be made of. */
interface Parts {
  readonly type: string;
  readonly coerce?: boolean;
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly left?: z.core.$ZodType;
  readonly right?: z.core.$ZodType;
}

/**
 * Does the schema give back another value than it took? A column's rule judges the value and must not change it: what is
 * written has to be what the publisher sent, and what the next redelivery is compared with.
 */
export function changesValue(schema: z.core.$ZodType): boolean {
  const parts = schema._zod.def as unknown as Parts;
  const checks = schema._zod.def.checks ?? [];
  const inner = [parts.innerType, parts.left, parts.right, ...(parts.options ?? [])];
  return (
    CHANGING.has(parts.type) ||
    parts.coerce === true ||
    checks.some((check) => check._zod.def.check === "overwrite") ||
    inner.some((part) => part !== undefined && changesValue(part))
  );
}
