import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readTraceContext, writeTraceContext } from "../../../src/telemetry/trace-context.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PARENT = `00-${TRACE}-${SPAN}-01`;
const CONTEXT = { traceId: TRACE, spanId: SPAN, sampled: true };

test("a traceparent is read with its tracestate, and written again as it was", () => {
  const carrier = { traceparent: PARENT, tracestate: "a=1,b=2" };
  const context = readTraceContext(carrier);
  assert.deepEqual(context, { ...CONTEXT, state: "a=1,b=2" });
  assert.deepEqual(writeTraceContext(context ?? CONTEXT), carrier);
});

test("the lowest flag alone says whether it is sampled", () => {
  for (const [flags, sampled] of [
    ["00", false],
    ["01", true],
    ["02", false],
    ["ff", true],
  ] as const) {
    assert.equal(readTraceContext({ traceparent: `00-${TRACE}-${SPAN}-${flags}` })?.sampled, sampled, flags);
  }
});

test("a later version is read as far as it is known", () => {
  assert.deepEqual(readTraceContext({ traceparent: `cc-${TRACE}-${SPAN}-01-what-comes` }), CONTEXT);
  assert.deepEqual(readTraceContext({ traceparent: `cc-${TRACE}-${SPAN}-01` }), CONTEXT);
});

const BAD: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  "an empty text": "",
  "a list": [PARENT],
  "version ff": `ff-${TRACE}-${SPAN}-01`,
  "more behind version 00": `${PARENT}-more`,
  "a trace id of zeros": `00-${"0".repeat(32)}-${SPAN}-01`,
  "a span id of zeros": `00-${TRACE}-${"0".repeat(16)}-01`,
  "upper case": PARENT.toUpperCase(),
  "a short trace id": `00-${TRACE.slice(1)}-${SPAN}-01`,
  "blanks around it": ` ${PARENT} `,
  "a line break": `${PARENT}\n`,
};
for (const [what, traceparent] of Object.entries(BAD)) {
  test(`a traceparent that is ${what} counts as none`, () => {
    assert.equal(readTraceContext({ traceparent }), undefined);
  });
}

test("CloudEvents' attribute and that of Google's libraries count where there is no traceparent", () => {
  const other = PARENT.replace("01", "00");
  assert.deepEqual(readTraceContext({ "ce-traceparent": PARENT }), CONTEXT);
  assert.deepEqual(readTraceContext({ googclient_traceparent: PARENT }), CONTEXT);
  assert.deepEqual(readTraceContext({ "ce-traceparent": other, traceparent: PARENT }), CONTEXT);
});

test("a tracestate that is too long is left out", () => {
  assert.deepEqual(readTraceContext({ traceparent: PARENT, tracestate: "x".repeat(513) }), CONTEXT);
  assert.equal(readTraceContext({ traceparent: PARENT, tracestate: "x".repeat(512) })?.state?.length, 512);
});

test("what is written is read again, whatever the ids", () => {
  const hex = (length: number) =>
    fc
      .string({
        unit: fc.constantFrom(...Array.from("0123456789abcdef")),
        minLength: length,
        maxLength: length,
      })
      .filter((id) => /[^0]/.test(id));
  fc.assert(
    fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
      const context = { traceId, spanId, sampled };
      assert.deepEqual(readTraceContext(writeTraceContext(context)), context);
    }),
  );
});

test("any text is read without an error", () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (traceparent, tracestate) => {
      readTraceContext({ traceparent, tracestate });
    }),
  );
});
