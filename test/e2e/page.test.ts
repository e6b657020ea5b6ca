import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it, type TestContext } from "node:test";
import type { Page } from "playwright-core";
import { newApiKey } from "../../src/http/api-keys.ts";
import { openBrowser, visit } from "../support/browser.ts";
import { expectNoLeaks } from "../support/leaks.ts";
import { preparedRig, testSidecar } from "../support/sidecar.ts";

const file = { after };
const rig = await preparedRig(file);
rig.worker();
const sidecar = await testSidecar(file, {}, { rig });
const { browser, missing } = await openBrowser(file);
// After the hooks of what is opened above.
expectNoLeaks();
if (missing !== undefined) console.error(`⚠ THE PAGE IS NOT TESTED: ${missing}`);

const WAIT = { prefer: "wait=20" };
const PHONE = { viewport: { width: 320, height: 640 } };

/** Opens the page; at the end of the test nothing may have gone wrong in it. */
async function open(t: TestContext, options = {}): Promise<Page> {
  assert(browser !== undefined);
  const { page, faults } = await visit(browser, t, sidecar.url, options);
  t.after(async () => assert.deepEqual(faults, []));
  page.setDefaultTimeout(20_000);
  return page;
}

/** Goes to a view by its link, as people do. */
async function go(page: Page, view: string, title: string): Promise<void> {
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: view }).click();
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
}

/** Fills the form in and sends it; gives what the page says of it. */
async function send(page: Page, operation: string, change: object | string, key = ""): Promise<string> {
  await go(page, "Send", "Send an update");
  await page.getByRole("combobox", { name: "Table" }).selectOption("customers");
  await page.getByLabel("Operation").selectOption(operation);
  const text = typeof change === "string" ? change : JSON.stringify(change);
  await page.getByLabel("Change, as JSON").fill(text);
  await page.getByLabel("Idempotency key").fill(key);
  await page.getByRole("button", { name: "Send" }).click();
  const result = page.getByRole("region", { name: "What became of it" });
  await result.locator(".verdict, .note").waitFor();
  return result.innerText();
}

/** Opens the one open dead letter of this key. */
async function openLetter(page: Page, key: string) {
  await go(page, "Dead letters", "Dead letters");
  await page.getByRole("button", { name: /^row_missing/ }).click();
  await page.getByRole("button", { name: key }).click();
  const letter = page.getByRole("region", { name: /^Dead letter \d+/ });
  await letter.getByRole("button", { name: "Replay" }).waitFor();
  return letter;
}

async function rejected(customerID: string, key: string): Promise<void> {
  const update = { table: "customers", op: "update", key: { customerID }, set: { firstName: "Ada" } };
  const answer = await sidecar.post("/updates", update, { ...WAIT, "idempotency-key": key });
  assert.equal(answer.json.code, "row_missing", answer.text);
}

const NAMES = { firstName: "Ada", lastName: "Lovelace" };

describe("the page", { skip: missing }, () => {
  it("sends an update and shows its receipt; the overview counts it", async (t) => {
    const page = await open(t);
    const said = await send(page, "upsert", { key: { customerID: "p-1" }, set: NAMES }, "page-1");
    assert.match(said, /applied\s+The rows are as you asked/);
    assert.match(said, /page-1/);
    await go(page, "Overview", "Overview");
    await page.getByRole("table").getByText("page-1").waitFor();
    await page.getByRole("img", { name: /^Updates settled a second: now \d+/ }).waitFor();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
  });

  it("shows a rejection with its code, its sentence and where", async (t) => {
    const page = await open(t);
    const said = await send(page, "upsert", { key: { customerID: "p-2" }, set: { firstName: 5, nope: 1 } });
    assert.match(said, /invalid|unknown_column/);
    assert.match(said, /\/set\/firstName/);
    assert.match(said, /\/set\/nope/);
    assert.match(await send(page, "upsert", "{ oops"), /The change is not JSON/);
    const missing = await send(page, "update", { key: { customerID: "nobody" }, set: NAMES });
    assert.match(missing, /row_missing/);
  });

  it("replays a dead letter once its cause is gone", async (t) => {
    await rejected("p-3", "page-3");
    const page = await open(t);
    let letter = await openLetter(page, "page-3");
    assert.match(await letter.innerText(), /"customerID":"p-3"/);
    await letter.getByRole("button", { name: "Replay" }).click();
    await letter.getByText(/Replayed: rejected again, row_missing/).waitFor();
    const inserted = await send(page, "insert", {
      key: { customerID: "p-3" },
      set: { ...NAMES, firstName: "Augusta" },
    });
    assert.match(inserted, /applied/);
    letter = await openLetter(page, "page-3");
    await letter.getByRole("button", { name: "Replay" }).click();
    await letter.getByText("Replayed: applied.").waitFor();
    assert.equal((await sidecar.get("/updates/page-3")).json.outcome, "applied");
  });

  it("discards a dead letter only after a second word", async (t) => {
    await rejected("p-4", "page-4");
    const page = await open(t);
    const letter = await openLetter(page, "page-4");
    await letter.getByRole("button", { name: "Discard" }).click();
    const dialog = page.getByRole("dialog", { name: "Discard this dead letter?" });
    await dialog.getByRole("button", { name: "Keep it" }).click();
    const kept = async () => (await sidecar.get("/dead-letters?limit=200")).text.includes('"page-4"');
    assert(await kept());
    await letter.getByRole("button", { name: "Discard" }).click();
    await dialog.getByRole("button", { name: "Discard" }).click();
    await letter.getByText(/is discarded/).waitFor();
    assert(!(await kept()));
  });

  it("shows rows with every digit, and text that is no markup", async (t) => {
    const set = { content: "<img src=x onerror=alert(1)>" };
    const toot = { table: "toots", op: "upsert", key: { id: "109382716453829173" }, set };
    assert.equal((await sidecar.post("/updates", toot, WAIT)).status, 200);
    const page = await open(t);
    await go(page, "Tables", "Tables");
    await page.getByRole("combobox", { name: "Table" }).selectOption("toots");
    await page.getByRole("cell", { name: "109382716453829173", exact: true }).waitFor();
    await page.getByRole("button", { name: "Show row 109382716453829173" }).click();
    const row = page.getByRole("region", { name: "Row", exact: true });
    await row.getByText("<img src=x onerror=alert(1)>").waitFor();
    await row.getByRole("button", { name: "Send an update of this row" }).click();
    await page.getByRole("heading", { name: "Send an update" }).waitFor();
    assert.match(await page.getByLabel("Change, as JSON").inputValue(), /109382716453829173/);
  });

  it("is used with the keyboard alone", async (t) => {
    const page = await open(t);
    await page.keyboard.press("Tab");
    assert.equal(await focused(page), "Skip to the content");
    await tabTo(page, "Send");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Send an update" }).waitFor();
    await tabTo(page, "Table");
    await page.keyboard.type("customers");
    await tabTo(page, "Operation");
    await page.keyboard.type("upsert");
    await tabTo(page, "Change, as JSON");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(JSON.stringify({ key: { customerID: "p-6" }, set: NAMES }));
    await page.keyboard.press("Control+Enter");
    await page.getByText("The rows are as you asked.").waitFor();
    await tabTo(page, "Fill in again");
    await page.keyboard.press("Enter");
    assert.match(await page.getByLabel("Change, as JSON").inputValue(), /"customerID": null/);
  });

  it("fits a phone, and names every field and button", async (t) => {
    await rejected("p-7", "page-7");
    const page = await open(t, PHONE);
    const views = [
      ["Overview", "Overview"],
      ["Send", "Send an update"],
      ["Dead letters", "Dead letters"],
      ["Tables", "Tables"],
    ] as const;
    for (const [view, title] of views) {
      await go(page, view, title);
      await page.waitForLoadState();
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 320, view);
      const nameless = await page.evaluate(NAMELESS);
      assert.deepEqual(nameless, [], view);
    }
  });

  it("asks once for an API key, keeps it in its tab, and forgets it when told to", async (t) => {
    assert(browser !== undefined);
    const folder = await mkdtemp(join(tmpdir(), "rowpost-page-"));
    t.after(() => rm(folder, { recursive: true }));
    const { key, line } = newApiKey({ name: "desk" });
    await writeFile(join(folder, "keys"), `${line}\n`);
    const environment = { AUTH: "api-key", API_KEYS_FILE: join(folder, "keys") };
    const closed = await testSidecar(t, environment, { rig });
    const { page } = await visit(browser, t, closed.url);
    const field = page.getByLabel("API key or token");
    await field.fill("wrong");
    await field.press("Enter");
    await page.getByRole("alert").waitFor();
    await field.fill(key);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    assert.match(await send(page, "upsert", { key: { customerID: "p-8" }, set: NAMES }), /applied/);
    await page.getByRole("button", { name: "Forget the key" }).click();
    await field.waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 0);
  });

  it("says so when the server is gone, and when it has no database", async (t) => {
    assert(browser !== undefined);
    const alone = await testSidecar(t, { INSTANCE_HOST: "" }, { rig });
    const { page } = await visit(browser, t, alone.url);
    await page
      .getByText(/This sidecar only publishes/)
      .first()
      .waitFor();
    await alone.close();
    await page.getByText("No connection; trying again").waitFor({ timeout: 20_000 });
  });
});

/** Controls that are seen and have no name of their own, label or text. */
const NAMELESS = `[...document.querySelectorAll("input, select, textarea, button, a")]
  .filter((one) => one.checkVisibility())
  .filter((one) => !(one.labels?.length > 0 || one.getAttribute("aria-label") || one.textContent.trim()))
  .map((one) => one.outerHTML)`;

/** The name of what has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(
    `(() => { const one = document.activeElement; return (one.labels?.[0] ?? one).textContent.trim(); })()`,
  );
}

/** Presses Tab until what has this name has the focus, which must be seen. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) !== name) continue;
    assert.equal(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`), "solid");
    return;
  }
  assert.fail(`Tab does not reach ${name}`);
}
