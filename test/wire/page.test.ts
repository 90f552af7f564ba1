import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { operations } from "../../src/base/contract.ts";
import { startTestGateway, test, testToken } from "../gateway.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { exchange, toRequest } from "./socket.fixture.ts";

const folder = join(import.meta.dirname, "../../page");
const scripts = readdirSync(folder).filter((name) => name.endsWith(".js"));
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

describe("who gets the page", () => {
  test.for([
    [browser, 200],
    ["TEXT/HTML", 200],
    ["application/json, text/html;q=0.1", 200],
    [undefined, 404],
    ["*/*", 404],
    ["text/*", 404],
    ["application/json", 404],
    ["text/html;q=0", 404],
    ["text/html ; q=0.000", 404],
    ["text/htmlx", 404],
  ] as const)("Accept %s: %i", async ([accept, status], { gateway }) => {
    for (const method of ["GET", "HEAD"]) {
      const response = await gateway.fetch(`${gateway.url}/`, {
        method,
        ...(accept === undefined ? {} : { headers: { accept } }),
      });
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toMatch(status === 200 ? /^text\/html/ : /^application\/json/);
    }
  });
});

test("the page and its files are open, run nothing but themselves, and are not kept", async ({ gateway }) => {
  const page = await gateway.fetch(`${gateway.url}/`, { headers: { accept: browser } });
  expect(page.headers.get("content-security-policy")).toBe(policy);
  const files = [["style.css", "text/css"], ...scripts.map((name) => [name, "text/javascript"] as const)] as const;
  const texts = [await page.text()];
  for (const [name, type] of files) {
    const file = await gateway.fetch(`${gateway.url}/page/${name}`);
    expect(file.headers.get("content-type"), name).toBe(`${type}; charset=utf-8`);
    expect(file.headers.get("x-content-type-options")).toBe("nosniff");
    expect(file.headers.get("cache-control")).toBe("no-store");
    texts.push(await file.text());
    expect(texts.at(-1)).toBe(readFileSync(join(folder, name), "utf8"));
  }
  expect(texts[0]).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=/i);
  // Nothing of this gateway is in them.
  for (const text of texts) expect(text).not.toContain(testToken);
});

test("the contract lists the scripts of the folder, and nothing else of it can be had", async ({ gateway }) => {
  const contract: unknown = await (await gateway.request("/openapi.json")).json();
  expect(contract).toMatchObject({
    paths: { "/page/{script}": { get: { parameters: [{ name: "script", schema: { enum: scripts.toSorted() } }] } } },
  });
  for (const name of ["index.html", "tsconfig.json", "preact.d.ts", "..%2fpackage.json", "nothing.js"])
    expect((await gateway.request(`/page/${name}`)).status, name).toBe(400);
  expect((await gateway.request("/page/licences/htm.txt")).status).toBe(404);
  expect(operations.getPage.secured || operations.getPageScript.secured || operations.getPageStyle.secured).toBe(false);
});

test("switched off, it is as an unknown path for browsers too", async () => {
  const { request } = await startTestGateway({
    config: { gateway: { http: { endpoints: { page: { enabled: false } } } } },
  });
  for (const path of ["/", "/favicon.ico", "/page/style.css", "/page/main.js"]) {
    const response = await request(path, { headers: { accept: browser } });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found" } });
  }
});

test("browsers find an icon by themselves, are told to ask again, and do not get it twice", async ({ gateway }) => {
  const icon = await gateway.request("/favicon.ico", { headers: { accept: "image/avif,image/webp,*/*;q=0.8" } });
  expect(icon.status).toBe(200);
  expect(Object.fromEntries(icon.headers)).toMatchObject({
    "content-type": "image/svg+xml; charset=utf-8",
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  });
  expect(await icon.text()).toBe(readFileSync(join(folder, "icon.svg"), "utf8"));
  const etag = icon.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const again = await fetch(`${gateway.url}/favicon.ico`, { headers: { "if-none-match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("a handshake that is refused is no visit, whatever it accepts", async ({ gateway }) => {
  const headers = {
    accept: browser,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-version": "8",
  };
  const answer = await exchange(gateway.port, toRequest({ method: "GET", path: "/", headers }));
  expectError(answer, { code: "websocket_version_not_supported" });
});
