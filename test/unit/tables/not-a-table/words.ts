/** A file that exports no definition. */
export const words = ["not", "a", "table"];
