import { Fault } from "../fault.ts";
import { type Kind, naturalOrder, typeFault } from "./kind.ts";

const WHAT = "bytes in base64 (RFC 4648 section 4, with padding)";
const TYPE = typeFault(`a string of ${WHAT}`);
const FORMAT = new Fault("format", `must be ${WHAT}`);
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** BINARY(n) (`fixed`: padded with zero bytes, as MySQL does), VARBINARY(n) and the BLOB family; base64 on the wire. */
export function binaryKind(length: number, fixed: boolean): Kind {
  const tooLong = new Fault("max_length", `must be at most ${length} bytes long`);
  return {
    kind: "binary",
    check: (input) => {
      if (typeof input !== "string") {
        return TYPE;
      }
      if (input.length % 4 !== 0 || !BASE64.test(input)) {
        return FORMAT;
      }
      const bytes = (input.length / 4) * 3 - (input.endsWith("==") ? 2 : input.endsWith("=") ? 1 : 0);
      if (bytes > length) {
        return tooLong;
      }
      return canonical(input, bytes, fixed ? length : bytes);
    },
    schema: {
      type: "string",
      contentEncoding: "base64",
      pattern: "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
      maxLength: Math.ceil(length / 3) * 4,
      description: `at most ${length} bytes in base64`,
    },
    fromDatabase: (raw) =>
      Buffer.isBuffer(raw) ? raw.toString("base64") : Buffer.from(String(raw)).toString("base64"),
    compare: naturalOrder,
  };
}

function canonical(input: string, bytes: number, length: number): string | Fault {
  const data = Buffer.alloc(length);
  data.write(input, "base64");
  // the unused bits of the last group must be zero, else two texts would name the same bytes
  const text = data.subarray(0, bytes).toString("base64");
  if (text !== input) {
    return FORMAT;
  }
  return bytes === length ? input : data.toString("base64");
}
