import OpenAI from "openai";
import { expect } from "vitest";
import { startTestGateway, testToken, test } from "../gateway.fixture.ts";

test.for([
  ["/v1/responses", /chat completions/],
  ["/v1/completions", /chat completions/],
  ["/v1/embeddings", /model provider/],
] as const)("a call of %s is told what to do instead, whatever its body", async ([path, advice], { gateway }) => {
  const { request } = gateway;
  for (const body of ['{"model":"openclaw","input":"hi","stream":true}', "no JSON", ""]) {
    const response = await request(path, { method: "POST", body, headers: { "content-type": "application/json" } });
    expect([response.status, response.headers.get("x-should-retry")]).toEqual([404, "false"]);
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    expect(error).toMatchObject({ code: "endpoint_not_served", message: expect.stringMatching(advice) as string });
  }
  expect((await request(path)).status).toBe(405);
});

test.for(["setOpenAIAPI('chat_completions')", ".chat(model)", 'api: "chat"', "Codex speaks the Responses API only"])(
  "who calls the Responses API is told what to write: %s",
  async (advice, { gateway }) => {
    const response = await gateway.request("/v1/responses", { method: "POST" });
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain(advice);
  },
);

test("the SDK shows the advice, and asks once", async ({ gateway }) => {
  const { baseUrl, fetch } = gateway;
  let calls = 0;
  const client = new OpenAI({
    baseURL: baseUrl,
    apiKey: testToken,
    fetch(...given) {
      calls += 1;
      return fetch(...given);
    },
  });
  const refusal = client.responses.create({ model: "openclaw", input: "hi" });
  await expect(refusal).rejects.toThrow(/does not serve '\/v1\/responses'/);
  expect(calls).toBe(1);
});

test("where chat completions are off, these paths are unknown too", async () => {
  const { request } = await startTestGateway({
    config: { gateway: { http: { endpoints: { chatCompletions: { enabled: false } } } } },
  });
  const response = await request("/v1/responses", { method: "POST" });
  expect(((await response.json()) as { error: { code: string } }).error.code).toBe("not_found");
});
