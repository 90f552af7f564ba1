import { expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { countRows } from "../rows.fixture.ts";

const off = { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } };

/** The paths that are off, each beside an unknown one of the same length. */
const paths = [
  { path: "/v1/chat/completions", unknown: "/v1/nope/nowhereling" },
  { path: "/v1/models", unknown: "/v1/nopese" },
  { path: "/v1/models/openclaw", unknown: "/v1/nopese/openclaw" },
  { path: "/v1/models/openclaw%2Fdefault", unknown: "/v1/nopese/openclaw%2Fdefault" },
] as const;
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const body = JSON.stringify({ model: "openclaw", user: "ada", messages: [{ role: "user", content: "hi" }] });
const bodies: readonly RequestInit[] = [
  {},
  { headers: { "content-type": "application/json" }, body },
  { headers: { "content-type": "application/json" }, body: "{" },
  { headers: { "content-type": "text/plain", "x-openclaw-agent-id": "nobody" }, body: "hi" },
];

/** All that a client sees, without what differs between any two answers: the ids, the time and the path. */
async function look({ request }: TestGateway, path: string, init: RequestInit): Promise<object> {
  const response = await request(path, init);
  const { status } = response;
  const headers = [...response.headers].filter(([name]) => name !== "x-request-id" && name !== "date");
  const text = await response.text();
  return { status, headers, text: text.replaceAll(path, "PATH") };
}

test("what is off answers every method and body exactly as an unknown path does", async () => {
  const gateway = await startTestGateway({ config: off });
  for (const method of methods) {
    for (const init of method === "GET" || method === "HEAD" ? [{}] : bodies) {
      for (const { path, unknown } of paths) {
        expect(path.length).toBe(unknown.length);
        const got = await look(gateway, path, { ...init, method });
        expect(got, `${method} ${path}`).toEqual(await look(gateway, unknown, { ...init, method }));
        expect(got).toMatchObject({ status: 404 });
      }
    }
  }
  expect(countRows(gateway.stateFolder).sessions).toBe(0);
});

test("the answer is OpenAI's error, and names the path", async () => {
  const { request } = await startTestGateway({ config: off });
  const response = await request("/v1/chat/completions", { method: "POST", body });
  expect(await response.json()).toEqual({
    error: {
      message: "There is nothing at POST /v1/chat/completions.",
      type: "invalid_request_error",
      param: null,
      code: "not_found",
    },
  });
});

test("without a token what is off is 401, as everything under /v1 is", async () => {
  const { url, fetch } = await startTestGateway({ config: off });
  for (const { path, unknown } of paths) {
    for (const each of [path, unknown]) expect((await fetch(`${url}${each}`)).status, each).toBe(401);
    expect((await fetch(`${url}${path}`, { method: "POST", body })).status).toBe(401);
  }
});

test("health, docs and metrics go on", async () => {
  const { request } = await startTestGateway({ config: off });
  for (const path of ["/healthz", "/readyz", "/openapi.json", "/docs", "/metrics"]) {
    expect((await request(path)).status, path).toBe(200);
  }
});

test("docs and metrics can be off too, and then are as unknown paths", async () => {
  const config = { gateway: { http: { endpoints: { docs: { enabled: false }, metrics: { enabled: false } } } } };
  const gateway = await startTestGateway({ config });
  const pairs = [
    { path: "/openapi.json", unknown: "/openapi.nope" },
    { path: "/docs", unknown: "/dogs" },
    { path: "/docs.js", unknown: "/dogs.js" },
    { path: "/docs/errors.html", unknown: "/dogs/errors.html" },
    { path: "/metrics", unknown: "/matrics" },
  ];
  for (const { path, unknown } of pairs) {
    const got = await look(gateway, path, {});
    expect(got, path).toEqual(await look(gateway, unknown, {}));
    expect(got).toMatchObject({ status: 404 });
  }
  expect((await gateway.request("/v1/models")).status).toBe(200);
});
