import { after, before, describe, test } from "node:test";
import assert from "node:assert/strict";
import { type Broker, openBroker } from "../../../src/local/broker/open-broker.ts";
import { broker, type Scope } from "../../support/servers.ts";
import { EMULATOR_DIFFERS } from "./emulator-differs.ts";
import { Fixture } from "./fixture.ts";

/** What Pub/Sub's documentation says, as a test: it passes on a broker that does so. */
export type Policy = (on: Fixture) => Promise<void>;

/** Longest time for one, in milliseconds; the emulator takes most of it where it differs. */
const LIMIT_MS = 60_000;

/**
 * Runs what a page of Pub/Sub's documentation says on the built-in broker, which does all of it, and on Google's emulator,
 * which does not do what EMULATOR_DIFFERS lists: a title that is listed there and passes is a failure, too.
 */
export async function documented(page: string, policies: Readonly<Record<string, Policy>>): Promise<void> {
  const differs: Readonly<Record<string, string>> = EMULATOR_DIFFERS[page] ?? {};
  const strays = Object.keys(differs).filter((title) => !Object.hasOwn(policies, title));
  assert.deepEqual(strays, [], "EMULATOR_DIFFERS names policies that are there");
  const emulator = await broker({ after });
  const options = { concurrency: 16, timeout: LIMIT_MS * 3 };
  describe(`Pub/Sub documentation, "${page}", on the built-in broker`, options, () => {
    let builtIn: Broker | undefined;
    before(async () => {
      builtIn = await openBroker();
    });
    after(() => builtIn?.close());
    for (const [title, policy] of Object.entries(policies)) {
      void test(title, { timeout: LIMIT_MS }, (t) => use(t, builtIn?.host ?? "", policy));
    }
  });
  describe(`Pub/Sub documentation, "${page}", on the emulator`, options, () => {
    for (const [title, policy] of Object.entries(policies)) {
      const instead = differs[title];
      const name = instead === undefined ? title : `not so: ${title}; instead ${instead}`;
      void test(name, { timeout: LIMIT_MS }, async (t) => {
        if (instead === undefined) await use(t, emulator.host, policy);
        else
          await assert.rejects(
            use(t, emulator.host, policy),
            "the emulator does it now: take it off the list",
          );
      });
    }
  });
}

async function use(scope: Scope, host: string, policy: Policy): Promise<void> {
  const fixture = new Fixture(host);
  scope.after(() => fixture.close());
  await policy(fixture);
}
