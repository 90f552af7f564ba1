import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { remoteSubjects } from "./provider-subjects.fixture.ts";
import { startUpstream } from "./servers/upstream.fixture.ts";

const user = { role: "user", content: "Hi" };
const names = ["tool_choice", "parallel_tool_calls", "function_call", "functions", "tools", "toolConfig"];

test.each(remoteSubjects)("$api hears nothing of tools where there are none", async ({ api, vendor, model }) => {
  const upstream = await startUpstream(vendor, [{ text: "ok" }]);
  const gateway = await startTestGateway({
    config: {
      models: { providers: { lab: { api, baseUrl: upstream.baseUrl, apiKey: "sk-test" } } },
      agents: { defaults: { model: `lab/${model}` } },
    },
  });
  const bodies = [
    { tools: [], tool_choice: "auto" },
    { tools: [], tool_choice: "none" },
    { tool_choice: "auto" },
    { parallel_tool_calls: true },
    { tool_choice: "none", parallel_tool_calls: false },
    { tools: [], parallel_tool_calls: true, tool_choice: "auto" },
    { function_call: "none" },
    { stream: true, tools: [], tool_choice: "none", parallel_tool_calls: false },
  ];
  for (const body of bodies) {
    const response = await gateway.chat({ model: "openclaw", messages: [user], ...body });
    expect(response.status, JSON.stringify(body)).toBe(200);
    await response.text();
    const sent = upstream.requests.at(-1)?.body ?? {};
    expect(
      Object.keys(sent).filter((name) => names.includes(name)),
      JSON.stringify(body),
    ).toEqual([]);
  }
});

test("a choice goes upstream with the tools that it chooses from", async () => {
  const upstream = await startUpstream("openai-chat", [{ text: "ok" }]);
  const gateway = await startTestGateway({
    config: {
      models: { providers: { lab: { api: "openai-completions", baseUrl: upstream.baseUrl } } },
      agents: { defaults: { model: "lab/m" } },
    },
  });
  const tools = [{ type: "function", function: { name: "go" } }];
  await gateway.chat({ model: "openclaw", messages: [user], tools, tool_choice: "none", parallel_tool_calls: false });
  expect(upstream.requests.at(-1)?.body).toMatchObject({ tools, tool_choice: "none", parallel_tool_calls: false });
});
