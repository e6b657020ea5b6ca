/** An update of one row. */
export const ADA = {
  table: "customers",
  op: "upsert",
  key: { customerID: "c-42" },
  set: { firstName: "Ada", lastName: "Lovelace" },
};

/** An update of two rows. */
export const PAIR = {
  changes: [
    { ...ADA, key: { customerID: "c-43" } },
    { table: "todos", op: "insert", set: { description: "Write to c-43" } },
  ],
};

export const CLOUD_EVENT = {
  specversion: "1.0",
  id: "evt-1001",
  source: "/shop/customers",
  type: "com.example.customer.changed",
  data: ADA,
};

export const ACCEPTED = {
  idempotencyKey: "order-17",
  messageId: "1042",
  location: "/updates/order-17",
};

export const RECEIPT = {
  idempotencyKey: "order-17",
  outcome: "applied",
  rowsChanged: 1,
  rowsInserted: 1,
  messageId: "1042",
  fingerprint: "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
  publishedAt: "2024-07-11T16:26:32.125000Z",
  appliedAt: "2024-07-11T16:26:32.141000Z",
};
