import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { testToken } from "../gateway.fixture.ts";

/** Debian's. Where there is none, what needs it is skipped, and says so. */
const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const hasBrowser = program !== undefined;
if (!hasBrowser) process.stderr.write("No chromium in /usr/bin: the tests of the page in a browser are SKIPPED\n");

/** A page in a tab of its own, with what must not have happened in it. */
export interface OpenedPage {
  readonly page: Page;
  /** What the console or a script that failed has said. */
  readonly complaints: string[];
  /** The addresses that were asked for. */
  readonly requests: string[];
}

/** Tabs that share what a browser keeps, with those that nobody is in. */
interface Window {
  readonly context: BrowserContext;
  readonly left: Page[];
}

/** `noted` is what the browser itself may write to the console of a status that the test provokes. */
export type OpenPage = (
  url: string,
  options?: BrowserContextOptions,
  noted?: RegExp,
  path?: string,
) => Promise<OpenedPage>;

/**
 * One browser for the tests of a file. A tab that a test has left is the next one's that looks alike: to start one takes the
 * browser longer than most tests do. A page that complained, or asked another host for anything, fails its test.
 */
export function useBrowser(): OpenPage {
  let browser: Browser | undefined;
  const windows = new Map<string, Promise<Window>>();
  beforeAll(async () => {
    if (program === undefined) return;
    // No network but this machine's, and no sandbox, which root cannot have.
    browser = await chromium.launch({ executablePath: program, chromiumSandbox: false });
  });
  afterAll(() => browser?.close());
  const openWindow = async (options: BrowserContextOptions): Promise<Window> => {
    if (browser === undefined) throw new Error("The browser has not been started.");
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    // As everywhere: this is for what hangs, and not for a machine that is busy.
    context.setDefaultTimeout(100_000);
    return { context, left: [] };
  };
  return async (url, options = {}, noted = /^$/, path = "/") => {
    const look = JSON.stringify(options);
    const opening = windows.get(look) ?? openWindow(options);
    windows.set(look, opening);
    const { context, left } = await opening;
    const page = left.pop() ?? (await context.newPage());
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(request.url()));
    onEnd(async () => {
      await page.goto("about:blank");
      await page.removeAllListeners(undefined, { behavior: "wait" });
      left.push(page);
      expect(complaints.filter((text) => !noted.test(text))).toEqual([]);
      const foreign = requests.filter((address) => !isWithin(url, address));
      expect(foreign).toEqual([]);
    });
    await page.goto(`${url}${path}`);
    return { page, complaints, requests };
  };
}

function isWithin(url: string, address: string): boolean {
  return address.startsWith(`${url}/`) || /^(?:data|about):/.test(address);
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
