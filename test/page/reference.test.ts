import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { createGatewayTest, testToken } from "../gateway.fixture.ts";
import { findBarriers, looks } from "./barriers.fixture.ts";
import { hasBrowser, useBrowser } from "./browser.fixture.ts";

const test = createGatewayTest({});

const operation = "/docs#tag/chat/POST/v1/chat/completions";
const names = ["errors", "errors/session_busy", "streams", "fields", "websocket", "configuration", "changes"];
const paths = ["/docs", ...names.map((name) => `/docs/${name}.html`)];
/** Each width once and each colour once: a look takes a second of the browser, and the other two show nothing new. */
const eachOnce = looks.slice(1, 3);

describe.skipIf(!hasBrowser)("the reference in a browser", () => {
  const open = useBrowser();

  async function expectForEverybody(page: Page, what: object): Promise<void> {
    // What is drawn late is pale until it is there.
    await expect.poll(() => findBarriers(page), { message: JSON.stringify(what) }).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  }

  test.for(paths)("%s is for everybody, in each width and colour, and asks nobody else", async (path, { gateway }) => {
    for (const look of eachOnce) {
      const { page } = await open(gateway.url, look, /^$/, path);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      await expectForEverybody(page, look);
      if (path !== "/docs") continue;
      // The same document goes on to one operation of it.
      await page.goto(`${gateway.url}${operation}`);
      await page.getByText("curl http://127.0.0.1:18789/v1/chat/completions").first().waitFor();
      await expectForEverybody(page, { ...look, operation });
    }
  });

  test("a link leads to the operation, with a sample of each language", async ({ gateway }) => {
    const { page } = await open(gateway.url, { viewport: { width: 1400, height: 1000 } }, /^$/, operation);
    await page.getByText("curl http://127.0.0.1:18789/v1/chat/completions").first().waitFor();
    await page.getByRole("button", { name: "curl" }).first().click();
    for (const name of ["SDK", "Python", "fetch", "curl, streamed", "SDK, streamed"]) {
      await page.getByRole("option", { name, exact: true }).first().waitFor();
    }
  });

  test("what is tried there is answered as it comes", async ({ gateway }) => {
    const { page } = await open(gateway.url, { viewport: { width: 1400, height: 1000 } }, /^$/, operation);
    const asked: (string | undefined)[] = [];
    page.on("request", (request) => {
      const headers = request.headers();
      if (request.method() === "POST") asked.push(headers["idempotency-key"], headers["x-openclaw-agent-id"]);
    });
    await page
      .getByRole("button", { name: /One question/ })
      .first()
      .click();
    await page
      .getByRole("option", { name: /streamed/ })
      .first()
      .click();
    await page
      .getByRole("button", { name: /Test Request/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog");
    await dialog.getByPlaceholder("Token").first().fill(testToken);
    await page.getByRole("button", { name: /^Send/ }).first().click();
    await dialog.getByText("[DONE]").first().waitFor();
    // What may be sent and need not is not: a key that is always the same would be answered from memory.
    expect(asked).toEqual([undefined, undefined]);
  });
});
