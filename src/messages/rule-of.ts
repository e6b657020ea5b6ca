import type { z } from "zod";

/**
 * The name of the rule that a zod issue says was broken, in snake_case: the definition's own (`params.rule` of a custom
 * issue), else one for each of zod's codes. `missing`: nothing stands at the issue's path.
 */
export function ruleOf(issue: z.core.$ZodIssue, missing: boolean): string {
  switch (issue.code) {
    case "custom":
      return typeof issue.params?.["rule"] === "string" ? issue.params["rule"] : "custom";
    case "invalid_type":
      return missing ? "required" : "type";
    case "too_big":
      return boundOf(issue.origin, "max");
    case "too_small":
      return boundOf(issue.origin, "min");
    case "invalid_format":
      return "format";
    case "invalid_value":
      return "one_of";
    case "not_multiple_of":
      return "multiple_of";
    case "unrecognized_keys":
      return "unknown_member";
    case "invalid_union":
      return "type";
    case "invalid_key":
    case "invalid_element":
      return issue.code;
    default:
      issue satisfies never;
      return "custom";
  }
}

function boundOf(origin: string, end: "max" | "min"): string {
  if (origin === "string") {
    return `${end}_length`;
  }
  return origin === "array" || origin === "set" || origin === "map" ? `${end}_items` : "range";
}
