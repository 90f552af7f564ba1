import { expect } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { expectError, type WantedError } from "./error.fixture.ts";
import { exchange, toRequest } from "./socket.fixture.ts";

const config = { agents: { aliases: { "gpt-4o": "beta", "vendor/model:1": "main" } } };

/** The name that is found, or how it is refused. */
const rows: readonly (readonly [path: string, wanted: string | WantedError])[] = [
  ["openclaw", "openclaw"],
  ["openclaw/default", "openclaw/default"],
  ["openclaw%2Fdefault", "openclaw/default"],
  ["openclaw%2fdefault", "openclaw/default"],
  ["openclaw/beta", "openclaw/beta"],
  ["openclaw:beta", "openclaw:beta"],
  ["openclaw%3Abeta", "openclaw:beta"],
  ["agent:main", "agent:main"],
  ["gpt-4o", "gpt-4o"],
  ["gpt-4o?x=1", "gpt-4o"],
  ["vendor/model:1", "vendor/model:1"],
  ["vendor%2Fmodel%3A1", "vendor/model:1"],
  ["nobody", { code: "model_not_found", param: "model" }],
  ["openclaw/nobody", { code: "model_not_found", param: "model" }],
  ["openclaw/", { code: "model_not_found", param: "model" }],
  ["OPENCLAW", { code: "model_not_found", param: "model" }],
  ["openclaw%252Fdefault", { code: "model_not_found", param: "model" }],
  ["../models/openclaw", { code: "model_not_found", param: "model" }],
  ["__proto__", { code: "model_not_found", param: "model" }],
  ["%00", { code: "model_not_found", param: "model" }],
  ["%3Cscript%3E", { code: "model_not_found", param: "model" }],
  ["a".repeat(256), { code: "model_not_found", param: "model" }],
  ["a".repeat(257), { code: "string_above_max_length", param: "model" }],
  ["%", { code: "invalid_value", param: "model" }],
  ["%zz", { code: "invalid_value", param: "model" }],
  ["%c0%af", { code: "invalid_value", param: "model" }],
  ["%ff", { code: "invalid_value", param: "model" }],
];

test("a model is found by every spelling of its name, and by no other", async () => {
  const { port, log } = await startTestGateway({ config });
  for (const [path, wanted] of rows) {
    const answer = await exchange(port, toRequest({ method: "GET", path: `/v1/models/${path}` }));
    if (typeof wanted !== "string") {
      expectError(answer, wanted, path);
      continue;
    }
    expect(JSON.parse(answer.text), path).toEqual({
      id: wanted,
      object: "model",
      created: expect.closeTo(Date.now() / 1000, -3) as number,
      owned_by: "clawgate",
    });
  }
  expect(log.filter(({ level }) => Number(level) > 30)).toEqual([]);
});

test("every listed model can be looked up and called", async () => {
  const { port } = await startTestGateway({ config });
  const list = await exchange(port, toRequest({ method: "GET", path: "/v1/models" }));
  const { data, ...rest } = JSON.parse(list.text) as { data: { id: string }[] };
  expect(rest).toEqual({ object: "list" });
  const ids = data.map(({ id }) => id);
  expect(ids).toEqual(["openclaw", "openclaw/default", "openclaw/main", "openclaw/beta", "gpt-4o", "vendor/model:1"]);
  for (const id of ids) {
    const one = await exchange(port, toRequest({ method: "GET", path: `/v1/models/${encodeURIComponent(id)}` }));
    expect(JSON.parse(one.text)).toEqual(data.find((model) => model.id === id));
    const body = JSON.stringify({ model: id, messages: [{ role: "user", content: "@@echo ok" }] });
    expect((await exchange(port, toRequest({ body }))).text).toContain(`"model":"${id}"`);
  }
});

test("paths are compared as they are written", async ({ gateway }) => {
  const { port } = gateway;
  const others = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions;x=1",
    "/v1/chat%2Fcompletions",
    "/v1/chat/../chat/completions",
    "/v1/models/",
    "/%76%31/chat/completions",
    "/V1/chat/completions",
    "/v1/%zz",
    "/v1/%c0%af",
    "/%00",
    `/${"%41".repeat(2700)}`,
    "/%",
    "/page/",
  ];
  for (const path of others) {
    const method = path === "/v1/models/" ? "GET" : "POST";
    expectError(await exchange(port, toRequest({ path, method })), { code: "not_found", param: null }, path);
  }
  const query = toRequest({ path: "/v1/chat/completions?api-version=x&__proto__[stream]=true&%zz" });
  expect((await exchange(port, query)).status).toBe(200);
});
