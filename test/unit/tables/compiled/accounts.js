throw new Error("accounts.ts stands in for this file");
