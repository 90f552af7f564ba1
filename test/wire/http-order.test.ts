import { expect } from "vitest";
import { startTestGateway, testToken, test } from "../gateway.fixture.ts";
import { expectError, type WantedError } from "./error.fixture.ts";
import { chatPath, exchange, type RequestParts, toChatBody, toRequest } from "./socket.fixture.ts";

const bodyBytesMax = 2048;
const config = { gateway: { http: { bodyBytesMax } } };

interface Repair {
  readonly to: RequestParts;
  readonly shows: WantedError;
}

/** Every fault at once; each line repairs the one that was answered, and the next one shows. */
const repairs: readonly Repair[] = [
  { to: {}, shows: { code: "http_version_not_supported" } },
  { to: { path: "/v1/nope" }, shows: { code: "invalid_http", param: "host" } },
  { to: { headers: { host: "evil.example" } }, shows: { code: "host_not_allowed", param: "host" } },
  { to: { headers: { host: "127.0.0.1" } }, shows: { code: "origin_not_allowed", param: "origin" } },
  { to: { headers: { origin: null } }, shows: { code: "invalid_api_key", param: null } },
  {
    to: { headers: { authorization: `Bearer ${testToken}` } },
    shows: { code: "not_found", param: null },
  },
  { to: { path: chatPath }, shows: { code: "method_not_allowed", param: null } },
  { to: { method: "POST" }, shows: { code: "unsupported_media_type", param: "content-type" } },
  { to: { headers: { "content-type": "application/json" } }, shows: { code: "request_too_large", param: null } },
  { to: { body: Buffer.from([0x7b, 0xff]) }, shows: { code: "invalid_utf8", param: null } },
  { to: { body: "[".repeat(65) }, shows: { code: "too_deep", param: null } },
  { to: { body: '{"model":' }, shows: { code: "invalid_json", param: null } },
  { to: { body: '{"model":"nobody"}' }, shows: { code: "missing_required_parameter", param: "messages" } },
  { to: { body: toChatBody("hi", { model: "nobody", n: 2 }) }, shows: { code: "unsupported_value", param: "n" } },
  { to: { body: toChatBody("hi", { model: "nobody" }) }, shows: { code: "model_not_found", param: "model" } },
  { to: { body: toChatBody("hi") }, shows: { code: "invalid_session_key", param: "x-openclaw-session-key" } },
];

const allFaults: RequestParts = {
  method: "DELETE",
  path: "/v1/nope HTTP/2.0\r\nx-rest:",
  headers: {
    host: "a b",
    origin: "https://evil.example",
    authorization: "Bearer wrong",
    "content-type": "text/plain",
    "x-openclaw-session-key": "cron:nightly",
    connection: "close",
  },
  body: "x".repeat(bodyBytesMax + 1),
};

test("of several faults the one that is checked first is answered", async () => {
  const { port } = await startTestGateway({ config });
  let parts = allFaults;
  for (const { to, shows } of repairs) {
    parts = { ...parts, ...to, headers: { ...parts.headers, ...to.headers } };
    expectError(await exchange(port, toRequest(parts)), shows);
  }
  const repaired = { ...parts, headers: { ...parts.headers, "x-openclaw-session-key": "nightly" } };
  expect((await exchange(port, toRequest(repaired))).status).toBe(200);
});

test("another method on a path that exists is 405 with Allow", async ({ gateway }) => {
  const { port } = gateway;
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"]) {
    const answer = await exchange(port, toRequest({ method }));
    expectError(answer, { code: "method_not_allowed" }, method);
    expect(answer.headers["allow"], method).toBe("POST");
  }
  const head = await exchange(port, toRequest({ method: "HEAD" }), true);
  expect(head).toMatchObject({ status: 405, headers: { allow: "POST" } });
  const models = await exchange(port, toRequest({ path: "/v1/models" }));
  expectError(models, { code: "method_not_allowed" });
  expect(models.headers["allow"]).toBe("GET, HEAD");
  const overridden = toRequest({ method: "GET", path: `${chatPath}?_method=POST`, headers: overrides });
  expectError(await exchange(port, overridden), { code: "method_not_allowed" });
});

const overrides = { "x-http-method-override": "POST", "x-http-method": "POST", "x-method-override": "POST" };

test("without a token everything under /v1 and the metrics are 401, whatever the method", async ({ gateway }) => {
  const { port } = gateway;
  const paths = ["/v1", "/v1/", "/v1/nope", chatPath, `${chatPath}?api_key=${testToken}`, "/v1/models/%zz", "/metrics"];
  for (const path of paths) {
    for (const method of ["GET", "POST", "DELETE", "OPTIONS"]) {
      const answer = await exchange(port, toRequest({ path, method, headers: { authorization: null }, body: "{" }));
      expectError(answer, { code: "invalid_api_key", param: null }, `${method} ${path}`);
      expect(answer.headers["www-authenticate"]).toBe('Bearer realm="clawgate"');
    }
  }
});

test("a disabled endpoint answers as an unknown path does, with and without a token", async () => {
  const off = { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } };
  const { port } = await startTestGateway({ config: off });
  for (const path of [chatPath, "/v1/models", "/v1/models/openclaw", "/v1/nope"]) {
    for (const method of ["POST", "GET", "OPTIONS"]) {
      expectError(await exchange(port, toRequest({ path, method })), { code: "not_found", param: null });
    }
    const stranger = toRequest({ path, headers: { authorization: null } });
    expectError(await exchange(port, stranger), { code: "invalid_api_key" });
  }
  expect((await exchange(port, toRequest({ method: "GET", path: "/healthz" }))).status).toBe(200);
});

test("a body is not read before the token is accepted", async () => {
  const { port, gateway } = await startTestGateway();
  const announced = { authorization: "Bearer wrong", "content-length": "1000000000" };
  expectError(await exchange(port, toRequest({ headers: announced, body: "{" })), { code: "invalid_api_key" });
  expect(await gateway.metrics.toText()).not.toContain("clawgate_runs_total{");
});
