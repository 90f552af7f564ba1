import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, test } from "vitest";
import { createReports } from "../../conformance/matrix/matrix.fixture.ts";
import { toSite } from "../../conformance/matrix/site.ts";
import { createReport } from "../../conformance/report/report.fixture.ts";
import { toHtml } from "../../conformance/report/html.ts";
import { onEnd } from "../end.fixture.ts";
import { findBarriers, looks } from "./barriers.fixture.ts";
import { hasBrowser, useBrowser } from "./browser.fixture.ts";

/** A site of these files; every other path has the first one. */
async function serve(files: ReadonlyMap<string, string>): Promise<string> {
  const [first = ""] = files.values();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "", "http://site").pathname.slice(1);
    const kind = { css: "text/css", js: "text/javascript" }[path.split(".").at(-1) ?? ""] ?? "text/html";
    response.writeHead(200, { "content-type": `${kind}; charset=utf-8` }).end(files.get(path) ?? first);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serveOne = (text: string): Promise<string> => serve(new Map([["report.html", text]]));
const open = useBrowser();

describe.skipIf(!hasBrowser)("the report of the suite in a browser", () => {
  let [one, several] = ["", ""];
  beforeAll(() => {
    one = toHtml([createReport()]);
    several = toHtml([createReport(), createReport()]);
  });

  test.for(looks)("is for everybody, at $viewport.width in $colorScheme", async (look) => {
    const url = await serve(
      new Map([
        ["one.html", one],
        ["several.html", several],
      ]),
    );
    const { page } = await open(url, look);
    for (const path of ["one.html", "several.html"]) {
      await page.goto(`${url}/${path}`);
      expect(await findBarriers(page)).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      await page.getByRole("button", { name: "SS-02" }).first().click();
      expect(await findBarriers(page)).toEqual([]);
    }
  });

  test("each result has an address of its own, with what was sent and how to send it again", async () => {
    const url = await serveOne(one);
    const { page } = await open(url, {}, /^$/, "/#SS-02@7");
    const dialog = page.getByRole("dialog", { name: "SS-02" });
    await dialog.getByText("POST http://127.0.0.1:1/v1/x").first().waitFor();
    await dialog.getByText("curl -isS -N -X POST").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    await expect.poll(() => new URL(page.url()).hash).toBe("");
    await page.getByRole("button", { name: "ERR-03" }).first().click();
    expect(new URL(page.url()).hash).toBe("#ERR-03");
  });

  test("each finding has a link to itself", async () => {
    const { page } = await open(await serveOne(one));
    await page.getByRole("link", { name: "Link to SS-03" }).click();
    expect(new URL(page.url()).hash).toBe("#finding-SS-03");
    expect(await page.locator("li:target").count()).toBe(1);
  });
});

describe.skipIf(!hasBrowser)("the matrix in a browser", () => {
  const files = new Map([...toSite(createReports(), "guide.html")].map(({ path, text }) => [path, text]));
  const pages = ["index.html", "requirements.html", "requirements/SS-02.html", "servers/alpha.html"];

  test.for(looks)("is for everybody, at $viewport.width in $colorScheme", async (look) => {
    const url = await serve(files);
    const { page } = await open(url, look);
    for (const path of pages) {
      await page.goto(`${url}/${path}`);
      expect(await findBarriers(page), path).toEqual([]);
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path).toBe(true);
    }
  });

  test("its search keeps the rows that have every word, and can be sent on as a link", async () => {
    const url = await serve(files);
    const { page } = await open(url, {}, /^$/, "/requirements.html");
    const rows = page.locator("#requirements tbody tr:visible");
    expect(await rows.count()).toBe(8);
    await page.getByLabel("Search requirements").fill("ss 02");
    expect(await rows.count()).toBe(1);
    expect(new URL(page.url()).search).toBe("?q=ss+02");
    const again = await open(url, {}, /^$/, "/requirements.html?q=ss+02");
    expect(await again.page.locator("#requirements tbody tr:visible").count()).toBe(1);
    await again.page.getByRole("link", { name: "SS-02" }).click();
    await again.page.getByRole("heading", { level: 1, name: "SS-02" }).waitFor();
  });

  test("it is read without a script", async () => {
    const url = await serve(files);
    const { page } = await open(url, { javaScriptEnabled: false }, /^$/, "/servers/alpha.html");
    expect(await page.textContent("h1")).toBe("alpha");
    await page.goto(`${url}/requirements.html`);
    expect(await page.locator("#requirements tbody tr").count()).toBe(8);
    expect(await page.locator(".search:visible").count()).toBe(0);
  });
});
