import assert from "node:assert/strict";
import { expectNoLeaks } from "../../support/leaks.ts";
import { documented, type Policy } from "./documented.ts";
import { refused } from "./fixture.ts";

expectNoLeaks();

const MESSAGES: Readonly<Record<string, Record<string, string>>> = {
  com: { domain: "com" },
  net: { domain: "net", more: "1" },
  none: {},
  tag: { "iana.org/language_tag": "en" },
};

/** A subscription with this filter gets these of the messages above, and no other. */
function lets(filter: string, ...expected: readonly string[]): Policy {
  return async (on) => {
    const topic = await on.topic();
    const subscription = await on.subscription(topic, { filter });
    const all = await on.subscription(topic);
    for (const [name, attributes] of Object.entries(MESSAGES)) {
      await on.publish(topic, { data: Buffer.from(name), attributes });
    }
    await on.expect(all, Object.keys(MESSAGES));
    await on.expect(subscription, expected);
    const request = { subscription, maxMessages: 5, returnImmediately: true };
    const [rest] = await on.subscriber.pull(request, { timeout: 5_000 });
    assert.deepEqual(rest.receivedMessages, []);
  };
}

/** A subscription with this filter cannot be made. */
function refuses(filter: string): Policy {
  return async (on) => {
    await refused(on.subscription(await on.topic(), { filter }), "INVALID_ARGUMENT");
  };
}

await documented("Filter messages from a subscription", {
  "attributes:k lets messages with the attribute through": lets("attributes:domain", "com", "net"),
  'attributes.k = "v" lets that value through': lets('attributes.domain = "com"', "com"),
  'attributes.k != "v" lets all but that value through': lets(
    'attributes.domain != "com"',
    "net",
    "none",
    "tag",
  ),
  "hasPrefix lets values that begin so through": lets('hasPrefix(attributes.domain, "ne")', "net"),
  "NOT and - negate": lets('NOT attributes:domain AND -attributes:"iana.org/language_tag"', "none"),
  "AND wants both": lets('attributes:domain AND attributes.more = "1"', "net"),
  "OR wants one": lets('attributes.domain = "com" OR attributes:more', "com", "net"),
  "parentheses group": lets(
    'attributes:domain AND (attributes:more OR attributes.domain = "com")',
    "com",
    "net",
  ),
  "a key with other characters stands in quotes": lets('attributes."iana.org/language_tag" = "en"', "tag"),
  "escapes stand for characters": lets('attributes.domain = "\\x63\\u006f\\155"', "com"),
  "AND and OR together need parentheses": refuses("attributes:a AND attributes:b OR attributes:c"),
  "a value without quotes is refused": refuses("attributes.a = b"),
  "operators are written in capitals": refuses("attributes:a and attributes:b"),
  "only attributes can be filtered by": refuses('data = "x"'),
  "a filter has at most 256 bytes": refuses(`attributes:${"a".repeat(246)}`),
  "a filter cannot be changed": async (on) => {
    const [, name] = await on.pair({ filter: "attributes:a" });
    const subscription = { name, filter: "attributes:b" };
    const updateMask = { paths: ["filter"] };
    await refused(
      on.subscriber.updateSubscription({ subscription, updateMask }, { retry: null }),
      "INVALID_ARGUMENT",
    );
  },
});
