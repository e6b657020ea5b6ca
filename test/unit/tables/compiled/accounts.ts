export const table = { name: "accounts" };
