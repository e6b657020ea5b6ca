import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { install, mayInstall } from "../../src/local/apt.ts";
import { findProgram } from "../../src/local/child-process.ts";
import type { Scope } from "./servers.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Debian's Chromium, headless and closed when the scope ends; installed when it is missing. The reason when it can't be had. */
export async function openBrowser(scope: Scope): Promise<{ browser?: Browser; missing?: string }> {
  const missing = await provideChromium();
  if (missing !== undefined) return { missing };
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  scope.after(() => browser.close());
  return { browser };
}

async function provideChromium(): Promise<string | undefined> {
  if ((await findProgram(CHROMIUM)) !== undefined) return undefined;
  if (!(await mayInstall())) {
    return "there is no Chromium on this machine, and to install one takes root on Debian or Ubuntu";
  }
  await install(["chromium"], console.error);
  return undefined;
}

/** What Chromium says of each answer from 400 on; those to what the page itself loads are told by their own. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4/;

/** A window of its own with the page in it, and what went wrong there: console errors, CSP violations, other hosts asked. */
export interface Visit {
  readonly page: Page;
  readonly faults: string[];
}

export async function visit(
  browser: Browser,
  scope: Scope,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context: BrowserContext = await browser.newContext(options);
  scope.after(() => context.close());
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => {
    const told = message.type() === "error" || message.type() === "warning";
    if (told && !REFUSED.test(message.text())) faults.push(message.text());
  });
  page.on("response", (response) => {
    const asked = response.request();
    if (response.status() >= 400 && asked.method() === "GET")
      faults.push(`${response.status()} for ${asked.url()}`);
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults };
}
