import { expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";

const origin = "https://app.example";
const config = { gateway: { http: { allowedOrigins: [origin] } } };
const preflight = {
  method: "OPTIONS",
  headers: {
    origin,
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, content-type, x-stainless-os",
  },
};

test("a preflight of an allowed origin is answered without a token, with the headers it asked for", async () => {
  const { url } = await startTestGateway({ config });
  const { status, headers } = await fetch(`${url}/v1/chat/completions`, preflight);
  expect(status).toBe(204);
  expect(headers.get("access-control-allow-origin")).toBe(origin);
  expect(headers.get("access-control-allow-methods")).toContain("POST");
  expect(headers.get("access-control-allow-headers")).toBe("authorization, content-type, x-stainless-os");
  expect(headers.get("access-control-allow-credentials")).toBeNull();
  expect(headers.get("vary")).toContain("Origin");
});

test.each([
  ["an answer", { model: "openclaw", messages: [{ role: "user", content: "@@echo hi" }] }, 200],
  ["a stream", { model: "openclaw", stream: true, messages: [{ role: "user", content: "@@echo hi" }] }, 200],
  ["an error", { model: "openclaw", messages: [] }, 400],
])("%s lets the allowed page read it and its request id", async (_, body, status) => {
  const { chat } = await startTestGateway({ config });
  const response = await chat(body, { origin });
  expect(response.status).toBe(status);
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
  expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
  await response.text();
});

test("another origin is refused, and learns nothing", async () => {
  const { url } = await startTestGateway({ config });
  const headers = { ...preflight.headers, origin: "https://evil.example" };
  const response = await fetch(`${url}/v1/chat/completions`, { ...preflight, headers });
  expect(response.status).toBe(403);
  expect([...response.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("without allowed origins there is no CORS header at all", async ({ gateway }) => {
  const { request } = gateway;
  const { headers } = await request("/v1/models");
  expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});
