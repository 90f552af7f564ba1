import { connect } from "node:net";
import { once } from "node:events";
import { expect, onTestFinished } from "vitest";
import { type OperationRow, operations } from "../../src/base/contract.ts";
import { testToken, type SharedGateway, test } from "../gateway.fixture.ts";
import { exchange, exchangeFrom, toRequest } from "./socket.fixture.ts";

const chat = "/v1/chat/completions";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const malformed: readonly (string | undefined)[] = [
  undefined,
  "",
  testToken,
  "Bearer",
  "Bearer ",
  `Bearer${testToken}`,
  `Bearer:${testToken}`,
  `Bearer\t${testToken}`,
  `Bearer "${testToken}"`,
  `Bearer ${testToken},`,
  `Bearer ${testToken} x`,
  `Bearer x ${testToken}`,
  `Bearer ${testToken.slice(0, -1)}`,
  `Bearer ${testToken}0`,
  `Bearer ${testToken.toUpperCase()}`,
  `Bearer ${encodeURIComponent(`${testToken} `)}`,
  `Bearer \u00e9${testToken}`,
  `Token ${testToken}`,
  `Basic ${base64(`:${testToken}`)}`,
  `Basic ${testToken}`,
  `Bearer ${base64(testToken)}`,
  "Bearer undefined",
  `Bearer ${"x".repeat(8_000)}`,
];

test("every malformed or wrong credential gets the same 401", async ({ gateway }) => {
  const { url, fetch } = gateway;
  const bodies = new Set<string>();
  for (const authorization of malformed) {
    const headers = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${url}${chat}`, { method: "POST", headers, body: "{" });
    expect(response.status, authorization).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="clawgate"');
    bodies.add(await response.text());
  }
  expect([...bodies].map((body) => JSON.parse(body) as unknown)).toEqual([
    { error: expect.objectContaining({ code: "invalid_api_key", type: "invalid_request_error", param: null }) },
  ]);
});

test("the scheme may be written in any case, with several spaces", async ({ gateway }) => {
  const { url, fetch } = gateway;
  for (const scheme of ["Bearer ", "bearer ", "BEARER ", "Bearer    "]) {
    const headers = { authorization: `${scheme}${testToken}` };
    expect((await fetch(`${url}/v1/models`, { headers })).status, scheme).toBe(200);
  }
});

test("a token elsewhere than in the header is none, and stands in no log", async ({ gateway }) => {
  const { url, fetch, log } = gateway;
  const headers = {
    "x-api-key": testToken,
    "api-key": testToken,
    "x-openclaw-token": testToken,
    "proxy-authorization": `Bearer ${testToken}`,
    "sec-websocket-protocol": `bearer, ${testToken}`,
    cookie: `token=${testToken}`,
  };
  for (const query of [`token=${testToken}`, `access_token=${testToken}`, `api_key=${testToken}`]) {
    expect((await fetch(`${url}/v1/models?${query}`, { headers })).status).toBe(401);
    expect((await fetch(`${url}/v1/${testToken.slice(0, 4)}?${query}`, { headers })).status).toBe(401);
  }
  const body = JSON.stringify({ token: testToken, api_key: testToken, authorization: `Bearer ${testToken}` });
  expect((await fetch(`${url}${chat}`, { method: "POST", headers, body })).status).toBe(401);
  expect(JSON.stringify(log)).not.toContain(testToken);
});

/** The page is for browsers; to others there is nothing at its path. */
const asBrowser = { accept: "text/html" };

/** A path of the contract, with names that there are. */
const toPlace = (path: string): string =>
  path
    .replace("{model}", "openclaw")
    .replace("{script}", "main.js")
    .replace("{page}", "errors.html")
    .replace(/\{.*?\}/g, "x");

test("every secured operation of the contract refuses without a token, and no other does", async ({ gateway }) => {
  const { url, fetch } = gateway;
  const rows: OperationRow[] = Object.values(operations);
  const found = rows.map(async ({ method, path, secured }) => {
    const { status } = await fetch(`${url}${toPlace(path)}`, { method, headers: asBrowser });
    return { path, secured, refused: status === 401, status };
  });
  for (const { path, secured, refused, status } of await Promise.all(found)) {
    expect({ path, refused }).toEqual({ path, refused: secured });
    if (!secured) expect({ path, status }).toEqual({ path, status: 200 });
  }
  expect(rows.filter(({ secured }) => secured).map(({ path }) => path)).toContain("/metrics");
});

/** What is answered without a token, and by which methods. Whatever else there is has to ask for one. */
const open: Readonly<Record<string, readonly string[]>> = {
  "/healthz": ["GET", "HEAD"],
  "/readyz": ["GET", "HEAD"],
  "/.well-known/openai-compatible.json": ["GET", "HEAD"],
  "/openapi.json": ["GET", "HEAD"],
  "/docs": ["GET", "HEAD"],
  "/docs/errors.html": ["GET", "HEAD"],
  "/docs.js": ["GET", "HEAD"],
  "/docs.md": ["GET", "HEAD"],
  "/llms.txt": ["GET", "HEAD"],
  "/": ["GET", "HEAD"],
  "/favicon.ico": ["GET", "HEAD"],
  "/page/style.css": ["GET", "HEAD"],
  "/page/main.js": ["GET", "HEAD"],
};

test("without a token no method of any path that is routed is answered, but for those that are open", async ({
  gateway: { url },
}) => {
  const paths = new Set(Object.values<OperationRow>(operations).map(({ path }) => toPlace(path)));
  for (const path of paths) {
    for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const { status } = await fetch(`${url}${path}`, { method, headers: asBrowser });
      const known = open[path];
      const want = known === undefined ? 401 : known.includes(method) ? 200 : 405;
      expect(status, `${method} ${path}`).toBe(want);
    }
  }
  expect([...paths]).toEqual(expect.arrayContaining(Object.keys(open)));
});

test("who is on this machine, or beside somebody who was let in, needs a token all the same", async ({ gateway }) => {
  const bare = toRequest({ method: "GET", path: "/v1/models", headers: { authorization: null } });
  for (const from of ["127.0.0.1", "127.0.0.77"]) {
    expect((await exchangeFrom(from, gateway.port, toRequest())).status).toBe(200);
    expect((await exchangeFrom(from, gateway.port, bare)).status).toBe(401);
  }
});

test("a key may be as long as a header, and no longer", async ({ gateway: { port } }) => {
  for (const [length, status] of [
    [15_000, 401],
    [17_000, 431],
  ] as const) {
    const headers = { authorization: `Bearer ${"x".repeat(length)}` };
    expect((await exchange(port, toRequest({ headers }))).status).toBe(status);
  }
});

test("under /v1 nothing is told apart without a token: no path, method or body", async ({ gateway }) => {
  const { url, fetch } = gateway;
  for (const path of ["/v1", "/v1/", "/v1/nope", "/v1/chat/completions/", "/v1?x", "/v1/models/gpt-4o", "/metrics"]) {
    for (const method of ["GET", "HEAD", "POST", "DELETE", "OPTIONS"]) {
      expect((await fetch(`${url}${path}`, { method })).status, `${method} ${path}`).toBe(401);
    }
  }
});

async function sendHead({ port }: SharedGateway, extra: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  const head = ["POST /v1/chat/completions HTTP/1.1", "host: 127.0.0.1", "authorization: Bearer wrong"];
  socket.write([...head, "content-type: application/json", "content-length: 1048576", extra, ""].join("\r\n"));
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes.toString();
}

test("a wrong token is refused before anything of a body of 1 MB has come", async ({ gateway }) => {
  expect(await sendHead(gateway, "")).toMatch(/^HTTP\/1\.1 401 /);
});

test("a client that asks first is refused, and not told to go on", async ({ gateway }) => {
  expect(await sendHead(gateway, "expect: 100-continue\r\n")).toMatch(/^HTTP\/1\.1 401 /);
});
