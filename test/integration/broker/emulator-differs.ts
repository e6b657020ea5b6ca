const ALL_TAKEN = "it takes any number";
const DELIVERS_ALL = "it delivers every message";
const FILTER_TAKEN = "it takes any text";

/**
 * Where Google's emulator (0.8.20) does not do what the documentation says: by the page, the policy's title and what it does
 * instead. The suite expects it to differ, so that a better emulator is noticed.
 */
export const EMULATOR_DIFFERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Quotas and limits": {
    "a message has at most 100 attributes": ALL_TAKEN,
    "the key of an attribute has at most 256 bytes, and at least one": ALL_TAKEN,
    "the value of an attribute has at most 1,024 bytes": ALL_TAKEN,
    "the key of an attribute does not start with goog": "it takes such keys",
    "an ordering key has at most 1,024 bytes": ALL_TAKEN,
    "the data of a message has at most 10 MB": "it takes more",
  },
  "Publish messages to topics": {
    "all messages of a request have the same ordering key": "it takes different ones",
  },
  "Pull subscriptions": {
    "only the first request of a stream names the subscription and its flow control": "it ignores them later",
    "a stream of protocol version 1 answers an empty request": "it is silent",
  },
  "Flow control": {
    "no more than max_outstanding_messages are outstanding on a stream, and an ack makes room at once":
      "it sends what it has in one response",
    "a stream gets nothing while max_outstanding_bytes or more are outstanding":
      "it sends what it has in one response",
  },
  "Extend ack time with lease management": {
    "a deadline is at most 600 seconds": "it takes more",
  },
  "Handle message failures": {
    "after max_delivery_attempts a message goes to the dead-letter topic, and tells where it is from":
      "that waits until somebody pulls again",
    "a message with an ordering key is dead-lettered alone, and those behind it go on":
      "nothing of the key comes again",
    "with a retry policy it comes again after minimum_backoff, and then after longer ones":
      "it comes again at once the first time",
    "a message that backs off does not hold up others": "it comes again at once the first time",
  },
  "Order messages": {
    "when a message is given back, it comes again and all of its key that followed it, in order":
      "it comes alone, the others when their leases end",
    "acknowledged messages behind one that comes again come again, too": "it comes alone",
    "a key whose message backs off does not hold up other keys": "it comes again at once the first time",
  },
  "Filter messages from a subscription": {
    "attributes:k lets messages with the attribute through": DELIVERS_ALL,
    'attributes.k = "v" lets that value through': DELIVERS_ALL,
    'attributes.k != "v" lets all but that value through': DELIVERS_ALL,
    "hasPrefix lets values that begin so through": DELIVERS_ALL,
    "NOT and - negate": DELIVERS_ALL,
    "AND wants both": DELIVERS_ALL,
    "OR wants one": DELIVERS_ALL,
    "parentheses group": DELIVERS_ALL,
    "a key with other characters stands in quotes": DELIVERS_ALL,
    "escapes stand for characters": DELIVERS_ALL,
    "AND and OR together need parentheses": FILTER_TAKEN,
    "a value without quotes is refused": FILTER_TAKEN,
    "operators are written in capitals": FILTER_TAKEN,
    "only attributes can be filtered by": FILTER_TAKEN,
    "a filter has at most 256 bytes": FILTER_TAKEN,
  },
  "Replay and purge messages": {
    "a subscription tells the retention of its topic": "it tells none",
  },
  "Exactly-once delivery": {
    "a stream tells that it is of such a subscription, and confirms acks and deadlines":
      "it confirms nothing",
  },
  "Package google.pubsub.v1: Acknowledge": {
    "an ack that is sent again after it succeeded succeeds": "the ack id is invalid then",
  },
  "Create and associate schemas with a topic": {
    "members that the schema does not know do not fit": "they do",
    "bytes behind the message do not fit": "they do",
    "a topic's last revision bounds what fits": "any revision will do",
  },
  "Create and manage topics and subscriptions": {
    "an ack deadline is 10 to 600 seconds": "it takes shorter ones",
    "a subscription that is not used expires after 31 days by default, and is ACTIVE until then":
      "it has neither",
    "a subscription expires after a day at the earliest": "it takes less",
    "a detached subscription is told as such, drops its messages, and cannot be pulled":
      "it has no such call",
    "the subscriptions of a topic that is not there are NOT_FOUND": "the list is empty",
  },
};
