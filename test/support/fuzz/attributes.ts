import fc from "fast-check";

const TYPES = [
  ...[
    "application/json",
    "application/json; charset=utf-8",
    'APPLICATION/JSON;charset="UTF-8"',
    "text/plain",
  ],
  ...[
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x+json",
    "",
    ";",
    "/",
  ],
  ...[
    "application/json; charset=latin1",
    "application/json;charset",
    "application/json;charset=utf-8;charset=x",
  ],
];
const NAMES = [
  ...[
    "idempotency-key",
    "ce-id",
    "ce-source",
    "ce-type",
    "ce-specversion",
    "ce-datacontenttype",
    "content-type",
  ],
  ...["googclient_schemaencoding", "googclient_schemaname", "rowpost-principal", "rowpost-signature"],
  ...["rowpost-dead-letter", "toString", "__proto__", "constructor"],
  ...["CloudPubSubDeadLetterSourceSubscription", "CloudPubSubDeadLetterSourceDeliveryCount"],
];

/** Attributes of a message: mostly none, else some that mean something here, with values that do or do not. */
export function anyAttributes(): fc.Arbitrary<Readonly<Record<string, string>>> {
  const value = fc.oneof(
    fc.constantFrom("1.0", "1", "", "JSON", "BINARY", "json", " ", "|", "k".repeat(256)),
    fc.constantFrom(...TYPES),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const some = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 3, selector: ([name]) => name })
    .map((list) => Object.fromEntries(list) as Record<string, string>);
  return fc.oneof(fc.constant({}), some);
}
