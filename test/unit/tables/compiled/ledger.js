export const table = { name: "ledger" };
