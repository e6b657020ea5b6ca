import assert from "node:assert/strict";
import { test } from "node:test";
import { adminFault, instanceFault } from "../../../src/store/way-cloud-sql-fault.ts";

const ADDRESS = {
  kind: "cloud-sql",
  instance: "example.com:demo:europe-west1:main",
  network: "private",
  iam: true,
  adminEndpoint: undefined,
} as const;

test("an instance that refuses our certificate with an alert names it", () => {
  const error = Object.assign(new Error("alert"), { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
  assert.match(
    instanceFault(error, ADDRESS) ?? "",
    /^the private address of example.com:demo:europe-west1:main does not take our client certificate \(ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED\)/,
  );
});

test("an address that refuses connections is named", () => {
  const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED", address: "10.0.0.3" });
  assert.match(
    instanceFault(error, ADDRESS) ?? "",
    /main, 10\.0\.0\.3:3307 cannot be reached .* VPC network\?$/,
  );
});

test("an error that is not of the way is left to say what it says", () => {
  assert.equal(instanceFault(Object.assign(new Error("?"), { code: "OTHER" }), ADDRESS), undefined);
});

test("a project of an organisation keeps its name when the region is corrected", () => {
  const cause = Object.assign(new Error("Provided region was mismatched. Got us-east1, want europe-west1"), {
    code: "EBADSQLADMINREGION",
  });
  assert.match(
    adminFault(cause, ADDRESS).message,
    /INSTANCE_CONNECTION_NAME=example.com:demo:us-east1:main$/,
  );
});

test("an API of Google's own that cannot be reached is told from the login", () => {
  const url = "https://sqladmin.googleapis.com/sql/v1beta4/projects/demo/instances/main/connectSettings";
  const away = Object.assign(new Error("away"), { code: "ENOTFOUND", config: { url } });
  assert.match(adminFault(away, ADDRESS).message, /^the SQL Admin API cannot be reached \(ENOTFOUND\)/);
  const login = Object.assign(new Error("away"), { config: { url: "https://oauth2.googleapis.com/token" } });
  assert.match(adminFault(login, ADDRESS).message, /^there are no Google credentials that work here/);
});
