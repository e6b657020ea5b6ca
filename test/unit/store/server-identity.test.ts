import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerCertificate } from "node:tls";
import { nameFault, tlsFault } from "../../../src/store/server-identity.ts";

type Names = Pick<PeerCertificate, "subject" | "subjectaltname">;
const certificate = (commonName: string | string[] | undefined, altNames?: string) =>
  ({ subject: { CN: commonName }, ...(altNames === undefined ? {} : { subjectaltname: altNames }) }) as Names;

test("the name of a Cloud SQL instance must be the certificate's common name, letter for letter", () => {
  assert.equal(nameFault("demo:main", certificate("demo:main")), undefined);
  assert.equal(nameFault("example.org:demo:main", certificate("example.org:demo:main")), undefined);
  for (const commonName of ["demo:mai", "demo:main2", "Demo:main", "*:main", "demo:*", "", undefined]) {
    assert(nameFault("demo:main", certificate(commonName)) instanceof Error, commonName);
  }
  assert(
    nameFault("demo:main", certificate(["demo:main", "other"])) instanceof Error,
    "of two names, neither",
  );
  assert(nameFault("demo:main", certificate("other", "DNS:demo:main")) instanceof Error);
  assert(nameFault("demo:main", {} as Names) instanceof Error, "no certificate has no name");
});

test("names and addresses are checked as Node.js does: alternative names first, wildcards for one label", () => {
  assert.equal(nameFault("db.example.org", certificate("x", "DNS:*.example.org")), undefined);
  assert.equal(nameFault("db", certificate("db")), undefined);
  assert.equal(nameFault("::1", certificate("x", "IP Address:0:0:0:0:0:0:0:1")), undefined);
  assert(nameFault("db", certificate("db", "DNS:other")) instanceof Error);
  assert(nameFault("10.0.0.1", certificate("10.0.0.1")) instanceof Error, "an address is no common name");
  assert(nameFault("db", {} as Names) instanceof Error);
});

test("who has the wrong name is told both names, and the variable", () => {
  const fault = nameFault("10.0.0.3", certificate("x", "DNS:db.example.org, IP Address:10.0.0.4"));
  assert.equal(
    fault?.message,
    "the server's certificate is not for 10.0.0.3, but for db.example.org, 10.0.0.4; if that is the right server, " +
      "set DB_SERVER_NAME to the name that its certificate bears",
  );
  assert.match(String(nameFault("db", certificate(undefined))), /not for db, but for nobody;/);
});

test("OpenSSL's words become a sentence, and stay in the cause", () => {
  const coded = (code: string, reason?: string) => Object.assign(new Error("raw"), { code, reason });
  const cases = [
    [coded("SELF_SIGNED_CERT_IN_CHAIN"), "the server's certificate is not signed by the CA in DB_ROOT_CERT"],
    [
      coded("UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
      "the server's certificate is not signed by the CA in DB_ROOT_CERT",
    ],
    [coded("CERT_HAS_EXPIRED"), "the server's certificate has expired, or that of its CA has"],
    [coded("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "the server speaks no TLS of version 1.2 or later"],
    [
      coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
      "the server wants a client certificate, or another one: set DB_CERT and DB_KEY",
    ],
    [coded("ERR_SSL_NEW_ALERT", "new alert"), "TLS failed: new alert"],
    [coded("SOMETHING"), "TLS failed: raw"],
  ] as const;
  for (const [cause, message] of cases) {
    const fault = tlsFault(cause);
    assert.deepEqual([fault.message, fault.cause], [message, cause]);
  }
});
