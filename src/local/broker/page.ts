import { invalid } from "./status-error.ts";

const DEFAULT_SIZE = 1_000;

/** Which part of a list is wanted. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** One part of a list, and the token for the next one; empty: there is none. */
export function page<T>(
  items: readonly T[],
  { pageSize, pageToken }: PageRequest,
): { readonly items: readonly T[]; readonly nextPageToken: string } {
  const start = pageToken === "" ? 0 : Number(pageToken);
  if (!Number.isSafeInteger(start) || start < 0) throw invalid(`Invalid page_token "${pageToken}".`);
  if (pageSize < 0) throw invalid("The page_size must not be negative.");
  const end = start + (pageSize || DEFAULT_SIZE);
  return { items: items.slice(start, end), nextPageToken: end < items.length ? String(end) : "" };
}
