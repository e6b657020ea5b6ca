/** Google Cloud documentation, "Pub/Sub quotas and limits": resource limits of a message. */
const MAX_BYTES = 10_000_000;
const MAX_ATTRIBUTES = 100;
const MAX_KEY_BYTES = 256;
const MAX_VALUE_BYTES = 1_024;

/**
 * Why the broker would refuse a message, in one sentence; undefined when it would not. Checked before sending, since one
 * refused message fails all that share its request.
 */
export function messageFault(data: Buffer, attributes: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(attributes);
  if (data.length === 0 && entries.length === 0) {
    return "a message needs data or an attribute";
  }
  if (entries.length > MAX_ATTRIBUTES) {
    return `${entries.length} attributes are more than ${MAX_ATTRIBUTES}`;
  }
  let bytes = data.length;
  for (const [key, value] of entries) {
    const fault = attributeFault(key, value);
    if (fault !== undefined) {
      return fault;
    }
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  return bytes > MAX_BYTES ? `${bytes} bytes are more than ${MAX_BYTES}` : undefined;
}

function attributeFault(key: string, value: string): string | undefined {
  const name = JSON.stringify(key.slice(0, 60));
  if (key === "") {
    return "an attribute has no name";
  }
  if (key.startsWith("goog")) {
    return `attribute ${name}: names that start with "goog" belong to Google`;
  }
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    return `attribute ${name}: its name is longer than ${MAX_KEY_BYTES} bytes`;
  }
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    return `attribute ${name}: its value is longer than ${MAX_VALUE_BYTES} bytes`;
  }
  return undefined;
}
