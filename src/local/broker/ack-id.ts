/** Which delivery an ack id stands for: the third lease of the message that was the seventh of its subscription. */
export interface AckId {
  /** Which subscription, over all that the broker ever had. */
  readonly subscription: number;
  readonly number: number;
  readonly lease: number;
}

const FORM = /^([0-9a-z]{1,7})-([0-9a-z]{1,10})-([0-9a-z]{1,7})$/;

/** "2-7-3", its numbers in base 36. */
export function ackIdText(subscription: number, number: number, lease: number): string {
  return `${subscription.toString(36)}-${number.toString(36)}-${lease.toString(36)}`;
}

/** undefined: no ack id of this broker. */
export function readAckId(text: string): AckId | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, subscription = "", number = "", lease = ""] = parts;
  return {
    subscription: Number.parseInt(subscription, 36),
    number: Number.parseInt(number, 36),
    lease: Number.parseInt(lease, 36),
  };
}
