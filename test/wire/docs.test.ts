import { hash } from "node:crypto";
import { readdirSync } from "node:fs";
import { request as ask } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { errorCodes } from "../../src/base/contract.ts";
import { test } from "../gateway.fixture.ts";

test("no script runs in the page of the contract that it did not bring along", async ({ gateway }) => {
  const response = await gateway.request("/docs");
  const policy = response.headers.get("content-security-policy") ?? "";
  const allowed = /script-src ([^;]*)/.exec(policy)?.[1]?.split(" ") ?? [];
  const page = await response.text();
  const inline = [...listScripts(page)].filter(({ head, text }) => !head.includes("application/json") && text !== "");
  const script = await (await gateway.request("/docs.js")).text();
  const texts = [...inline.map(({ text }) => text), script];
  expect(texts).toHaveLength(2);
  expect(allowed.toSorted()).toEqual(texts.map((text) => `'sha256-${hash("sha256", text, "base64")}'`).toSorted());
  expect(policy).toMatch(/default-src 'none';.*base-uri 'none'; form-action 'none'; frame-ancestors 'none'/);
  expect(policy).toContain("connect-src 'self'");
});

/** As a browser finds them: a script ends at the first end tag, whatever its text says. */
function* listScripts(page: string): Generator<{ readonly head: string; readonly text: string }> {
  for (let at = page.indexOf("<script"); at >= 0;) {
    const start = page.indexOf(">", at) + 1;
    const end = page.indexOf("</script", start);
    yield { head: page.slice(at, start), text: page.slice(start, end) };
    at = page.indexOf("<script", end);
  }
}

test("each error code has a page that says what to do, and runs nothing", async ({ gateway: { request } }) => {
  for (const code of Object.keys(errorCodes)) {
    const response = await request(`/docs/errors/${code}.html`);
    expect([code, response.status]).toEqual([code, 200]);
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^;']+';/);
    expect(await response.text()).toMatch(/<h2 id="cause">[^]*<p>.+<\/p>\n<h2 id="remedy">[^]*<p>.+<\/p>/);
  }
});

test("a page that there is not is 404, whatever its path says", async ({ gateway: { request } }) => {
  for (const page of [
    "nope.html",
    "errors",
    "errors/",
    "..%2Findex.html",
    "%2e%2e/index.html",
    "..%2F..%2Fopenapi.json",
  ]) {
    expect([page, (await request(`/docs/${page}`)).status]).toEqual([page, 404]);
  }
});

interface Got {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Without a client's own decoding. */
async function get(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Got> {
  const { promise, resolve, reject } = Promise.withResolvers<Got>();
  const request = ask(url, { headers, method, agent: false }, (response) => {
    buffer(response).then((body) => resolve({ status: response.statusCode, headers: response.headers, body }), reject);
  });
  request.on("error", reject).end();
  return promise;
}

test.for(["/docs", "/docs.js", "/docs.md", "/llms.txt", "/openapi.json", "/docs/errors.html"])(
  "%s is sent once to who keeps it, and compressed to who takes that",
  async (path, { gateway: { url } }) => {
    const plain = await get(url + path);
    const { etag = "" } = plain.headers;
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    expect(plain.headers).toMatchObject({ vary: "accept-encoding", "cache-control": "no-cache" });
    expect(plain.headers["content-encoding"]).toBeUndefined();
    const packed = await get(url + path, { "accept-encoding": "br, gzip;q=0.8" });
    expect(packed.headers).toMatchObject({ etag, "content-encoding": "gzip", vary: "accept-encoding" });
    expect(Number(packed.headers["content-length"])).toBe(packed.body.length);
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const { status, body, headers } = await get(url + path, { "if-none-match": held });
      expect([held, status, body.length, headers["content-type"]]).toEqual([held, 304, 0, undefined]);
    }
    for (const refusing of ["gzip;q=0", "identity", "br", "gzip;q=0.000"]) {
      const { headers } = await get(url + path, { "accept-encoding": refusing, "if-none-match": '"other"' });
      expect([refusing, headers["content-encoding"]]).toEqual([refusing, undefined]);
    }
    const head = await get(url + path, { "accept-encoding": "gzip" }, "HEAD");
    expect([head.status, head.body.length, head.headers["content-length"]]).toEqual([
      200,
      0,
      String(packed.body.length),
    ]);
  },
);

test("every page of the folder is served, and named by the list for programs or by another page", async ({
  gateway: { request },
}) => {
  const folder = join(import.meta.dirname, "../../generated/reference/docs");
  const pages = readdirSync(folder).filter((name) => name.endsWith(".html"));
  const list = await (await request("/llms.txt")).text();
  for (const page of pages) {
    expect((await request(`/docs/${page}`)).status).toBe(200);
    expect(list).toContain(`(docs/${page})`);
  }
});
