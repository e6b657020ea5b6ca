import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { createAuthority, signAnew } from "../../../src/messages/authority.ts";
import { createDecoder } from "../../../src/messages/decode.ts";
import { createEncoder } from "../../../src/messages/encode.ts";
import type { Policy } from "../../../src/messages/policy.ts";
import { createSigner, principalOf, type Signed } from "../../../src/messages/principal.ts";
import { readPolicy } from "../../../src/messages/read-policy.ts";
import type { Fingerprint } from "../../../src/messages/update.ts";
import { decode, LIMITS, message, sampleRegistry } from "./sample-tables.ts";

const OLD = "an old signing key of more than thirty-two bytes";
const NEW = "a new signing key, also of more than thirty-two bytes";
const signer = createSigner([OLD]);
const SIGNED: Signed = { principal: "shop", key: "k-1", fingerprint: "07".repeat(32) as Fingerprint };
const CHANGE = { table: "ledger", op: "upsert", key: { id: 1 }, set: { amount: "2.50" } };

describe("a signature", () => {
  test("is HMAC-SHA256 in base64url, the same each time", () => {
    assert.match(signer.sign(SIGNED), /^[\w-]{43}$/);
    assert.equal(signer.sign(SIGNED), signer.sign({ ...SIGNED }));
  });

  test("holds for its principal, key and fingerprint only", () => {
    const signature = signer.sign(SIGNED);
    assert.ok(signer.verify(signature, SIGNED));
    assert.ok(!signer.verify(signature, { ...SIGNED, principal: "other" }));
    assert.ok(!signer.verify(signature, { ...SIGNED, key: "k-2" }));
    assert.ok(!signer.verify(signature, { ...SIGNED, fingerprint: "08".repeat(32) as Fingerprint }));
    for (const wrong of [
      "",
      "x",
      signature.slice(1),
      `${signature}=`,
      ` ${signature}`,
      signature.toUpperCase(),
      "é".repeat(43),
    ]) {
      assert.ok(!signer.verify(wrong, SIGNED), wrong);
    }
  });

  test("tells its parts apart, wherever one ends and the next begins", () => {
    const part = fc.string({
      minLength: 0,
      maxLength: 8,
      unit: fc.constantFrom("a", '"', ",", "\n", "\\", "\0"),
    });
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        const one = { ...SIGNED, principal: a, key: b };
        const other = { ...SIGNED, principal: c, key: d };
        return signer.verify(signer.sign(one), other) === (a === c && b === d);
      }),
    );
  });

  test("of an older key holds while that key is still listed, and the first key signs", () => {
    const both = createSigner([NEW, OLD]);
    assert.ok(both.verify(signer.sign(SIGNED), SIGNED));
    assert.equal(both.sign(SIGNED), createSigner([NEW]).sign(SIGNED));
    assert.ok(!createSigner([NEW]).verify(signer.sign(SIGNED), SIGNED));
  });
});

test("a principal is 1 to 255 printable ASCII characters, with no space at either end", () => {
  for (const name of ["a", "shop@example.org", "a b", "x".repeat(255)])
    assert.deepEqual(principalOf(name), { name });
  for (const name of ["", " a", "a ", "é", "a\nb", "x".repeat(256)])
    assert.equal(principalOf(name), undefined, name);
});

const { policy } = readPolicy(
  {
    version: 1,
    topic: "none",
    principals: { shop: { tables: { ledger: { operations: ["upsert"], columns: ["amount"] } } } },
  },
  sampleRegistry,
) as { policy: Policy };

const encode = createEncoder(sampleRegistry, LIMITS);

/** The message that a sidecar would publish. */
function published(update: object, key = "k-1", principal = "shop") {
  const { message: sent } = encode(JSON.parse(JSON.stringify(update)), key);
  assert.ok(sent !== undefined);
  const signature = signer.sign({ principal, key: sent.key, fingerprint: sent.fingerprint });
  return message(sent.data, {
    ...sent.attributes,
    "rowpost-principal": principal,
    "rowpost-signature": signature,
  });
}

describe("a decoder with an authority", () => {
  const strict = createDecoder(sampleRegistry, LIMITS, createAuthority({ policy, signer }));
  const why = (of: ReturnType<typeof message>) => {
    const { rejection } = strict(of);
    return rejection === undefined ? undefined : [rejection.code, rejection.rule, rejection.message];
  };

  test("takes what a granted principal has signed, in any spelling of the same update", () => {
    const sent = published(CHANGE);
    assert.equal(strict(sent).rejection, undefined);
    const spelt = Buffer.from(`{ "changes": [ ${JSON.stringify(CHANGE)} ] }`);
    assert.equal(strict({ ...sent, data: spelt }).rejection, undefined);
  });

  test("refuses an altered update, key or principal, and a signature that is missing or cut", () => {
    const sent = published(CHANGE);
    const altered = { ...CHANGE, set: { amount: "3.50" } };
    const changed = (attributes: Record<string, string | undefined>) => ({
      ...sent,
      attributes: Object.fromEntries(
        Object.entries({ ...sent.attributes, ...attributes }).filter(([, value]) => value !== undefined),
      ) as Record<string, string>,
    });
    const cases = [
      { ...sent, data: Buffer.from(JSON.stringify(altered)) },
      changed({ "idempotency-key": "k-2" }),
      changed({ "rowpost-principal": "boss" }),
      changed({ "rowpost-principal": undefined }),
      changed({ "rowpost-signature": undefined }),
      changed({ "rowpost-signature": "" }),
      changed({ "rowpost-signature": sent.attributes["rowpost-signature"]?.slice(1) }),
    ];
    for (const one of cases) assert.deepEqual(why(one)?.slice(0, 2), ["forbidden", "signature"]);
  });

  test("refuses a proven principal what it has no grant for", () => {
    const [code, rule, text] = why(published({ ...CHANGE, set: { amount: "1", even: 2 } })) ?? [];
    assert.deepEqual([code, rule], ["forbidden", "grant"]);
    assert.match(String(text), /no grant for the column even of ledger/);
    assert.match(String(why(published(CHANGE, "k", "other"))?.[2]), /"other" has no grants in the policy/);
  });

  test("refuses a message without a principal when the policy grants the topic nothing, else takes it", () => {
    assert.match(String(why(message(CHANGE))?.[2]), /names no principal/);
    const open = createAuthority({ policy: { ...policy, topic: "all" }, signer });
    assert.equal(createDecoder(sampleRegistry, LIMITS, open)(message(CHANGE)).rejection, undefined);
    const signing = createAuthority({ policy: undefined, signer });
    assert.equal(createDecoder(sampleRegistry, LIMITS, signing)(message(CHANGE)).rejection, undefined);
  });

  test("believes the principal when there is no signing key, and holds it to its grants", () => {
    const believing = createDecoder(sampleRegistry, LIMITS, createAuthority({ policy, signer: undefined }));
    const named = { "rowpost-principal": "shop" };
    assert.equal(believing(message(CHANGE, named)).rejection, undefined);
    assert.equal(
      believing(message({ ...CHANGE, op: "delete", set: undefined }, named)).rejection?.code,
      "forbidden",
    );
  });

  test("tells what is wrong with an update before who may do it, and keeps key and fingerprint", () => {
    assert.equal(why(message({ ...CHANGE, table: "nope" }))?.[0], "unknown_table");
    const refused = strict(message(CHANGE, { "idempotency-key": "k-9" }));
    const plain = decode(message(CHANGE, { "idempotency-key": "k-9" }));
    assert.equal(refused.key, "k-9");
    assert.deepEqual(refused.fingerprint, plain.fingerprint);
  });

  test("is no authority without a policy and a key", () => {
    assert.equal(createAuthority({ policy: undefined, signer: undefined }), undefined);
  });
});

describe("signing anew for another key", () => {
  test("gives a proven principal a signature for the new key", () => {
    const before = decode(published(CHANGE));
    const { attributes } = signAnew(signer, before, "replay:1") as { attributes: Record<string, string> };
    const { fingerprint } = before;
    const signature = attributes["rowpost-signature"] ?? "";
    assert.ok(signer.verify(signature, { principal: "shop", key: "replay:1", fingerprint }));
  });

  test("leaves an unproven principal unproven", () => {
    const forged = published(CHANGE);
    const attributes = { ...forged.attributes, "rowpost-principal": "boss" };
    assert.deepEqual(signAnew(signer, decode({ ...forged, attributes }), "replay:1"), { attributes });
    const unsigned = message(CHANGE, { "rowpost-principal": "boss" });
    assert.deepEqual(signAnew(signer, decode(unsigned), "x"), { attributes: unsigned.attributes });
  });

  test("says that it cannot without the key", () => {
    assert.match(
      signAnew(undefined, decode(published(CHANGE)), "replay:1").fault ?? "",
      /PUBLISHER_SIGNING_KEY/,
    );
    assert.equal(signAnew(undefined, decode(message(CHANGE)), "replay:1").fault, undefined);
  });
});
