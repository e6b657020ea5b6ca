import type { Value } from "../definition.ts";
import { exactInteger, integerSchema } from "./integer.ts";
import { type Kind, naturalOrder } from "./kind.ts";

/** BIT(n), 1 to 64 bits, as the whole number that they are (MySQL Reference Manual, "Bit-Value Type - BIT"). */
export function bitKind(length: number): Kind {
  const max = (1n << BigInt(length)) - 1n;
  return {
    kind: "bigint",
    check: exactInteger(0n, max),
    schema: integerSchema(0n, max),
    fromDatabase: wholeNumber,
    compare: naturalOrder,
  };
}

/** mysql2 gives the bits as bytes, the most significant first. */
function wholeNumber(raw: unknown): Value {
  return Buffer.isBuffer(raw) ? BigInt(`0x${raw.toString("hex") || "0"}`) : BigInt(raw as string | number);
}
