import { expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { expectError } from "./error.fixture.ts";
import { type OperationRow, operations } from "../../src/base/contract.ts";
import { readAll } from "../rows.fixture.ts";
import { exchange, toChatBody, toRequest } from "./socket.fixture.ts";

const http = { allowedHosts: ["Gate.Example"], allowedOrigins: ["https://good.example"] };
const config = { gateway: { http } };

test("the host must be an address, localhost or a name of the configuration", async () => {
  const { port } = await startTestGateway({ config });
  const hosts: readonly (readonly [host: string, code: "host_not_allowed" | "invalid_http" | undefined])[] = [
    ["127.0.0.1", undefined],
    [`127.0.0.1:${port}`, undefined],
    ["localhost", undefined],
    ["LOCALHOST", undefined],
    ["localhost.", undefined],
    [`localhost:${port}`, undefined],
    ["[::1]", undefined],
    [`[::1]:${port}`, undefined],
    ["gate.example", undefined],
    ["GATE.EXAMPLE:443", undefined],
    ["evil.example", "host_not_allowed"],
    ["127.0.0.1.evil.example", "host_not_allowed"],
    ["localhost.evil.example", "host_not_allowed"],
    ["evil-localhost", "host_not_allowed"],
    ["gate.example.evil.example", "host_not_allowed"],
    ["127.1", "host_not_allowed"],
    ["2130706433", "host_not_allowed"],
    ["0x7f000001", "host_not_allowed"],
    ["localhost..", "host_not_allowed"],
    ["evil.example:x@127.0.0.1", "invalid_http"],
    ["user@127.0.0.1", "invalid_http"],
    ["a b", "invalid_http"],
    ["a/b", "invalid_http"],
    ["[::1", "invalid_http"],
    ["localhost:", "invalid_http"],
    ["localhost:99999999", "invalid_http"],
    ["localhost, evil.example", "invalid_http"],
    ["a".repeat(300), "invalid_http"],
  ];
  for (const [host, code] of hosts) {
    const answer = await exchange(port, toRequest({ headers: { host } }));
    if (code === undefined) expect(answer.status, host).toBe(200);
    else expectError(answer, { code, param: "host" }, host);
  }
});

test("a page that came through a trusted proxy's TLS is the gateway's own, and no other is", async () => {
  const behind = await startTestGateway({ config: { gateway: { http, trustedProxies: ["127.0.0.1"] } } });
  const direct = await startTestGateway({ config });
  const own = { host: "gate.example", origin: "https://gate.example" };
  const rows: readonly (readonly [port: number, headers: Record<string, string>, allowed: boolean])[] = [
    [behind.port, { ...own, "x-forwarded-proto": "https" }, true],
    [behind.port, { ...own, "x-forwarded-proto": "HTTPS, http" }, true],
    [behind.port, { ...own, forwarded: "for=192.0.2.1;proto=https, for=192.0.2.2" }, true],
    [behind.port, { ...own, "x-forwarded-proto": "http" }, false],
    [behind.port, { ...own, "x-forwarded-proto": "http, https" }, false],
    [behind.port, { ...own, forwarded: "for=192.0.2.1;proto=httpsx" }, false],
    [behind.port, own, false],
    [behind.port, { ...own, origin: "https://evil.example", "x-forwarded-proto": "https" }, false],
    [behind.port, { ...own, origin: "https://gate.example:444", "x-forwarded-proto": "https" }, false],
    [direct.port, { ...own, "x-forwarded-proto": "https" }, false],
  ];
  for (const [port, headers, allowed] of rows) {
    const answer = await exchange(port, toRequest({ headers }));
    if (allowed) expect(answer.status, JSON.stringify(headers)).toBe(200);
    else expectError(answer, { code: "origin_not_allowed", param: "origin" }, JSON.stringify(headers));
  }
});

test("a page of a foreign origin is kept out, whoever sends it and whatever it asks for", async () => {
  const { port } = await startTestGateway({ config });
  const origins: readonly (readonly [origin: string, allowed: boolean])[] = [
    ["https://good.example", true],
    ["http://127.0.0.1", true],
    ["https://evil.example", false],
    ["null", false],
    ["", false],
    ["http://good.example", false],
    ["https://good.example:444", false],
    ["https://good.example.evil.example", false],
    ["https://evilgood.example", false],
    ["https://127.0.0.1", false],
    ["http://127.0.0.1:1", false],
    ["http://localhost", false],
  ];
  for (const [origin, allowed] of origins) {
    for (const path of ["/v1/chat/completions", "/v1/nope"]) {
      const answer = await exchange(port, toRequest({ path, headers: { origin } }));
      if (!allowed) expectError(answer, { code: "origin_not_allowed", param: "origin" }, origin);
      else expect(answer.status, origin).toBe(path === "/v1/nope" ? 404 : 200);
    }
  }
});

const [link, image, call] = [
  { "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  { "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
  { "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" },
] as const;
const visits: readonly (readonly [method: string, path: string, headers: Record<string, string>, status: number])[] = [
  // A link of another site, and what a person types.
  ["GET", "/docs", { "sec-fetch-site": "cross-site", ...link }, 200],
  ["HEAD", "/docs", { "sec-fetch-site": "same-site", ...link }, 200],
  ["GET", "/v1/models", { "sec-fetch-site": "none", ...link }, 200],
  // The gateway's own page, and clients that are no browser.
  ["GET", "/v1/models", { "sec-fetch-site": "same-origin", ...call }, 200],
  ["POST", "/v1/chat/completions", { "sec-fetch-site": "same-origin", origin: "http://127.0.0.1", ...call }, 200],
  ["GET", "/v1/models", {}, 200],
  // An allowed origin says so.
  ["POST", "/v1/chat/completions", { "sec-fetch-site": "cross-site", origin: "https://good.example", ...call }, 200],
  // A foreign page, by whatever means.
  ["GET", "/v1/models", { "sec-fetch-site": "cross-site", ...link }, 403],
  ["GET", "/v1", { "sec-fetch-site": "cross-site", ...link }, 403],
  ["GET", "/v1?x", { "sec-fetch-site": "cross-site", ...link }, 403],
  ["GET", "/v1x", { "sec-fetch-site": "cross-site", ...link }, 404],
  ["GET", "/v1/models", { "sec-fetch-site": "same-site", ...call }, 403],
  ["GET", "/v1/models", { "sec-fetch-site": "cross-site" }, 403],
  ["GET", "/healthz", { "sec-fetch-site": "cross-site", ...image }, 403],
  ["GET", "/openapi.json", { "sec-fetch-site": "cross-site", ...image }, 403],
  ["POST", "/v1/chat/completions", { "sec-fetch-site": "cross-site", ...call }, 403],
  ["POST", "/docs", { "sec-fetch-site": "cross-site", ...link }, 403],
  ["DELETE", "/v1/sessions/x", { "sec-fetch-site": "same-site", ...call }, 403],
];

test("what a page of another site asks for without an origin is refused, and a link to what is open is not", async () => {
  const { port } = await startTestGateway({ config });
  for (const [method, path, headers, status] of visits) {
    const answer = await exchange(port, toRequest({ method, path, headers }), method === "HEAD");
    expect(answer.status, `${method} ${path} ${JSON.stringify(headers)}`).toBe(status);
    if (status === 403) expectError(answer, { code: "origin_not_allowed", param: "sec-fetch-site" });
  }
});

test("host and origin are checked before the token, on open paths too", async ({ gateway }) => {
  const { port } = gateway;
  for (const path of ["/healthz", "/openapi.json", "/v1/models"]) {
    const host = toRequest({ method: "GET", path, headers: { host: "evil.example", authorization: null } });
    expectError(await exchange(port, host), { code: "host_not_allowed" });
    const origin = toRequest({ method: "GET", path, headers: { origin: "https://evil.example", authorization: null } });
    expectError(await exchange(port, origin), { code: "origin_not_allowed" });
  }
});

test("no answer opens the gateway to other origins", async () => {
  const { port } = await startTestGateway({ config });
  const preflight = { origin: "https://evil.example", "access-control-request-method": "POST" };
  const answers = [
    await exchange(port, toRequest({ method: "OPTIONS", headers: preflight })),
    await exchange(port, toRequest({ headers: { origin: "https://evil.example" } })),
    await exchange(port, toRequest()),
  ];
  for (const { headers } of answers) {
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
  }
});

test("every answer carries the headers that keep a browser from using it", async () => {
  const { port } = await startTestGateway({ config: { gateway: { http: { bodyBytesMax: 1024 } } } });
  const requests: readonly (readonly [name: string, request: string | Buffer])[] = [
    ["200", toRequest()],
    ["a stream", toRequest({ body: '{"model":"openclaw","stream":true,"messages":[{"role":"user","content":"hi"}]}' })],
    ["400", toRequest({ body: "{" })],
    ["401", toRequest({ headers: { authorization: null } })],
    ["403", toRequest({ headers: { host: "evil.example" } })],
    ["404", toRequest({ path: "/nope" })],
    ["405", toRequest({ method: "PUT" })],
    ["413", toRequest({ body: "x".repeat(2000) })],
    ["417", toRequest({ headers: { expect: "x" } })],
    ["a fault that the parser finds", "garbage\r\n\r\n"],
  ];
  for (const [name, request] of requests) {
    const { headers } = await exchange(port, request);
    expect(headers, name).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": expect.stringContaining("no-store") as string,
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "x-request-id": expect.stringMatching(/^req_[0-9a-f]{24}$/) as string,
    });
    expect(headers, name).not.toHaveProperty("server");
    expect(headers, name).not.toHaveProperty("x-powered-by");
  }
});

test("what a page could make of an answer's own words is never HTML", async ({ gateway: { port } }) => {
  const script = `<script>alert(1)</script>"><img src=x onerror=alert(1)>`;
  const path = encodeURI(script).replaceAll("%3C", "<").replaceAll("%3E", ">");
  const requests = [
    toRequest({ body: toChatBody("hi", { model: script }) }),
    toRequest({ body: toChatBody("hi", { user: script, [script]: 1 }) }),
    toRequest({ body: toChatBody("hi", { stop: { [script]: script } }) }),
    toRequest({ body: `{"model":${script}}` }),
    toRequest({ method: "GET", path: `/${path}` }),
    toRequest({ method: "GET", path: `/v1/models/${path}` }),
    toRequest({ method: "GET", path: `/docs/${path}` }),
  ];
  for (const request of requests) {
    const { headers } = await exchange(port, request);
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  }
});

test("what is only read changes nothing, however often", async () => {
  const sessions = { enabled: true };
  const { port, stateFolder, chat } = await startTestGateway({
    config: { gateway: { http: { endpoints: { sessions } } } },
  });
  const said = { model: "openclaw", user: "ada", messages: [{ role: "user", content: "hi" }] };
  const { headers } = await chat(said, { "x-openclaw-detach": "true" });
  const names: Readonly<Record<string, string>> = {
    model: "openclaw",
    key: encodeURIComponent("agent:main:openai-user:ada"),
    id: headers.get("x-openclaw-run-id") ?? "",
    script: "main.js",
    page: "errors.html",
  };
  const before = readAll(stateFolder);
  expect(before).toMatchObject({ session: [{ session_key: "agent:main:openai-user:ada" }], message: [{}, {}] });
  const rows: OperationRow[] = Object.values(operations);
  for (const { path } of rows.filter(({ method }) => method === "GET")) {
    const place = path.replace(/\{(.*?)\}/, (_, name: string) => names[name] ?? "");
    const request = toRequest({ method: "GET", path: place, headers: { accept: "text/html, */*" } });
    for (let count = 0; count < 3; count++) {
      expect((await exchange(port, request)).status, place).toBe(200);
    }
  }
  expect(readAll(stateFolder)).toEqual(before);
});

test("a header that is spelled with underscores is not the one with dashes", async ({ gateway: { port } }) => {
  const headers = {
    X_OpenClaw_Session_Key: "a",
    X_OpenClaw_Agent_Id: "nobody",
    Content_Length: "3",
    Transfer_Encoding: "chunked",
  };
  const answer = await exchange(port, toRequest({ headers }));
  expect(answer.status).toBe(200);
  expect(answer.headers["x-openclaw-agent-id"]).toBe("main");
  expect(answer.headers["x-openclaw-session-key"]).toMatch(/^agent:main:openai:/);
});
