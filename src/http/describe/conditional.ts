import type { AnswerDescription, ParameterDescription } from "./description.ts";

/** The headers of an answer that can be asked for again on a condition (RFC 9110 section 13). */
export const ETAG = {
  ETag: "Of this very text; send it back in `If-None-Match`",
  "Cache-Control": "private, no-cache",
};

/** What such a condition is answered with when nothing has changed. */
export const UNCHANGED: AnswerDescription = {
  description: "It is what `If-None-Match` names",
  headers: ETAG,
};

/** The condition itself. */
export const IF_NONE_MATCH: ParameterDescription = {
  name: "If-None-Match",
  in: "header",
  description:
    "An `ETag` that the caller has, or several, or `*`: answered with 304 when nothing has changed",
  schema: { type: "string" },
};
