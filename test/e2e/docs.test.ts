import assert from "node:assert/strict";
import { after, it } from "node:test";
import { openBrowser, visit } from "../support/browser.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { rig } from "../support/rig.ts";
import { testSidecar } from "../support/sidecar.ts";

const file = { after };
const sidecar = await testSidecar(file, {}, { rig: await rig(file) });
const { browser, missing } = await openBrowser(file);
// After the hooks of what is opened above.
expectNoLeaks();

it("the description's reader draws every route, and asks no other host", async (t) => {
  if (browser === undefined) {
    console.error(`⚠ THE DESCRIPTION'S READER IS NOT TESTED: ${missing}`);
    return t.skip(missing);
  }
  const { page, faults } = await visit(browser, t, `${sidecar.url}/docs`);
  page.setDefaultTimeout(60_000);
  await page.getByRole("heading", { name: /^rowpost/ }).waitFor();
  const described = (await sidecar.get("/openapi.json")).json.paths as Record<string, object>;
  const count = Object.values(described).flatMap((path) => Object.keys(path)).length;
  assert.equal(await page.locator(".opblock").count(), count);
  await page.locator("#operations-updates-publishUpdates").getByRole("button").first().click();
  await page.getByText("The broker has the update, or all of the list").waitFor();
  // The reader's own style needs no exception from its policy.
  assert.deepEqual(faults, []);
});
