import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { createReport } from "../../conformance/report/report.fixture.ts";
import { toHtml } from "../../conformance/report/html.ts";
import { onEnd } from "../end.fixture.ts";
import { findBarriers, looks } from "./barriers.fixture.ts";
import { hasBrowser, useBrowser } from "./browser.fixture.ts";

/** A site of one page. */
async function serve(text: string): Promise<string> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(text),
  );
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(!hasBrowser)("the report of the suite in a browser", () => {
  const open = useBrowser();
  let [one, several] = ["", ""];
  beforeAll(() => {
    one = toHtml([createReport()]);
    several = toHtml([createReport(), createReport()]);
  });

  test.for(looks)("is for everybody, at $viewport.width in $colorScheme", async (look) => {
    for (const text of [one, several]) {
      const { page } = await open(await serve(text), look);
      expect(await findBarriers(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      await page.getByRole("button", { name: "SS-02" }).first().click();
      expect(await findBarriers(page)).toEqual([]);
      await page.close();
    }
  });

  test("each result has an address of its own, with what was sent and how to send it again", async () => {
    const url = await serve(one);
    const { page } = await open(url, {}, /^$/, "/#SS-02@7");
    const dialog = page.getByRole("dialog", { name: "SS-02" });
    await dialog.getByText("POST http://127.0.0.1:1/v1/x").first().waitFor();
    await dialog.getByText("curl -isS -N -X POST").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    expect(new URL(page.url()).hash).toBe("");
    await page.getByRole("button", { name: "ERR-03" }).first().click();
    expect(new URL(page.url()).hash).toBe("#ERR-03");
  });

  test("each finding has a link to itself", async () => {
    const { page } = await open(await serve(one));
    await page.getByRole("link", { name: "Link to SS-03" }).click();
    expect(new URL(page.url()).hash).toBe("#finding-SS-03");
    expect(await page.locator("li:target").count()).toBe(1);
  });
});
