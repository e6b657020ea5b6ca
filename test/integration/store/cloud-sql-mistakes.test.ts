import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../src/store/open-store.ts";
import { classify, databaseError } from "../../../src/store/trouble.ts";
import { type Behaviour, type CloudSql, cloudSql, googleError } from "../../support/cloud-sql.ts";
import { expectNoLeaks } from "../../support/leaks.ts";
import { type MetadataServer, metadataServer } from "../../support/metadata-server.ts";
import { database } from "../../support/servers.ts";

process.env["GOOGLE_CLOUD_PROJECT"] = "demo";

expectNoLeaks();

interface Mistake {
  readonly title: string;
  readonly instance?: string;
  readonly network?: "public" | "private" | "psc";
  readonly behaviour?: Partial<Behaviour>;
  readonly make?: (cloud: CloudSql, google: MetadataServer) => void | Promise<void>;
  readonly says: RegExp;
}

const DISABLED =
  "Cloud SQL Admin API has not been used in project 12345 before or it is disabled. Enable it by visiting " +
  "https://console.developers.google.com/apis/api/sqladmin.googleapis.com/overview?project=12345 then retry.";

const MISTAKES: readonly Mistake[] = [
  {
    title: "an API that is not enabled says how to enable it",
    behaviour: { error: googleError(403, "accessNotConfigured", DISABLED) },
    says: /^the SQL Admin API at http\S+ is not enabled: run `gcloud services enable sqladmin.googleapis.com`.*project 12345/,
  },
  {
    title: "credentials that may not connect say which role they need",
    behaviour: {
      error: googleError(403, "notAuthorized", "The client is not authorized to make this request."),
    },
    says: /^the Google credentials .* may not connect to the instance demo:europe-west1:main,.* grant them roles\/cloudsql.client/,
  },
  {
    title: "credentials that may look but not connect say so, too",
    behaviour: {
      certError: googleError(403, "forbidden", "Missing permission: cloudsql.instances.connect"),
    },
    says: /roles\/cloudsql.client .*Missing permission: cloudsql.instances.connect/,
  },
  {
    title: "credentials that the API does not take say so",
    behaviour: { error: googleError(401, "authError", "Invalid Credentials") },
    says: /does not take the Google credentials of this process: Invalid Credentials/,
  },
  {
    title: "a quota that is used up says so",
    behaviour: { error: googleError(403, "rateLimitExceeded", "Quota exceeded for connect queries.") },
    says: /has a quota, which is used up: Quota exceeded/,
  },
  {
    title: "an API that fails says so after some tries",
    behaviour: { error: googleError(503, "backendError", "Service unavailable.") },
    says: /^the SQL Admin API at http\S+ has failed with status 503: Service unavailable$/,
  },
  {
    title: "an API that is not there names its address",
    make: (cloud) => cloud.stopApi(),
    says: /^the SQL Admin API at http:\/\/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)/,
  },
  {
    title: "an instance that does not exist names the variable",
    instance: "demo:europe-west1:other",
    says: /^there is no instance demo:europe-west1:other: check INSTANCE_CONNECTION_NAME/,
  },
  {
    title: "an instance of another region names the right one",
    instance: "demo:europe-west2:main",
    says: /is in europe-west1: set INSTANCE_CONNECTION_NAME=demo:europe-west1:main$/,
  },
  {
    title: "an instance without a private address says which it has",
    network: "private",
    behaviour: { networks: ["public", "psc"] },
    says: /has no private address, but a Private Service Connect endpoint and a public address: set INSTANCE_NETWORK=psc$/,
  },
  {
    title: "an instance without a public address says which it has",
    behaviour: { networks: ["private"] },
    says: /has no public address, but a private address: set INSTANCE_NETWORK=private$/,
  },
  {
    title: "an instance without Private Service Connect says which it has",
    network: "psc",
    behaviour: { networks: ["public"] },
    says: /has no Private Service Connect endpoint, but a public address: set INSTANCE_NETWORK=public$/,
  },
  {
    title: "credentials that cannot be had say where they come from",
    make: (_cloud, google) => google.answer(404),
    says: /^there are no Google credentials that work here: .*GOOGLE_APPLICATION_CREDENTIALS/,
  },
  {
    title: "a server with a certificate of another CA is not let near the password",
    make: (cloud) => cloud.renewServer({ told: false }),
    says: /^who answers at the public address of demo:europe-west1:main has no certificate of the instance's CA/,
  },
  {
    title: "a server with the certificate of another instance is not let near the password",
    make: (cloud) => cloud.renewServer({ told: true, name: "demo:other" }),
    says: /^who answers at the public address of demo:europe-west1:main has a certificate for another instance$/,
  },
  {
    title: "a server of another instance is found out by its common name where it has no name of its own",
    behaviour: { networks: ["public"] },
    make: (cloud) => cloud.renewServer({ told: true, name: "demo:other" }),
    says: /has a certificate for another instance$/,
  },
  {
    title: "an instance that does not take our certificate says so",
    behaviour: { lifeSeconds: -10 },
    says: /^the public address of demo:europe-west1:main .*does not take our client certificate/,
  },
];

for (const { title, instance, network = "public", behaviour = {}, make, says } of MISTAKES) {
  test(title, async (t) => {
    const db = await database(t);
    const metadata = await metadataServer(t);
    metadata.use(t);
    const cloud = await cloudSql(t, db);
    Object.assign(cloud.behaviour, behaviour);
    await make?.(cloud, metadata);
    const address = {
      kind: "cloud-sql",
      instance: instance ?? cloud.instance,
      network,
      iam: false,
      adminEndpoint: cloud.endpoint,
    } as const;
    const error = await openStore({ ...db, address }, new Map(), 1).then(
      (store) => store.close(),
      (refused: unknown) => refused,
    );
    assert.match(databaseError(error).message, says);
    assert.equal(classify(error), "environment");
    assert.equal(cloud.arrivals.length, 0);
  });
}
