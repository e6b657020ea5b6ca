import manifest from "../../package.json" with { type: "json" };

/** rowpost's own version. */
export const { version } = manifest;
