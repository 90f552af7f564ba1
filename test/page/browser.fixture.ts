import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";

/** Debian's. Where there is none, what needs it is skipped, and says so. */
const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const hasBrowser = program !== undefined;
if (!hasBrowser) process.stderr.write("No chromium in /usr/bin: the tests of the page in a browser are SKIPPED\n");

/** A page in a window of its own, with what must not have happened in it. */
export interface OpenedPage {
  readonly page: Page;
  /** What the console or a script that failed has said. */
  readonly complaints: string[];
  /** The addresses that were asked for. */
  readonly requests: string[];
}

/** `noted` is what the browser itself may write to the console of a status that the test provokes. */
export type OpenPage = (
  url: string,
  options?: BrowserContextOptions,
  noted?: RegExp,
  path?: string,
) => Promise<OpenedPage>;

/** One browser for the tests of a file. A page that complained, or asked another host for anything, fails its test. */
export function useBrowser(): OpenPage {
  let browser: Browser | undefined;
  beforeAll(async () => {
    // No network but this machine's, and no sandbox, which root cannot have.
    browser = await chromium.launch({
      ...(program === undefined ? {} : { executablePath: program }),
      chromiumSandbox: false,
    });
  });
  afterAll(() => browser?.close());
  return async (url, options = {}, noted = /^$/, path = "/") => {
    if (browser === undefined) throw new Error("The browser has not been started.");
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    // As everywhere: this is for what hangs, and not for a machine that is busy.
    context.setDefaultTimeout(100_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    onEnd(async () => {
      await context.close();
      expect(complaints.filter((text) => !noted.test(text))).toEqual([]);
      const foreign = requests.filter((address) => !address.startsWith(`${url}/`) && !address.startsWith("data:"));
      expect(foreign).toEqual([]);
    });
    await page.goto(`${url}${path}`);
    return { page, complaints, requests };
  };
}

export async function signIn({ page }: OpenedPage, token = testToken): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByLabel("Token").press("Enter");
}

/** Says something, by the keyboard alone. */
export async function say({ page }: OpenedPage, text: string): Promise<void> {
  await page.getByLabel("Message").fill(text);
  await page.getByLabel("Message").press("Enter");
}
