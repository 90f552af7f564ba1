import { describe, expect, test } from "vitest";
import { z } from "zod";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { ask, sdks, startSdkTest } from "../sdk/clients.fixture.ts";
import { type Ask, say } from "../talk.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";
import { startUpstream, type Upstream } from "./servers/upstream.fixture.ts";

const schema = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
};
const format = { type: "json_schema", json_schema: { name: "weather", schema } };
const right = '{"city":"Oslo","degrees":-3}';

interface House {
  readonly config: object;
  readonly upstream: Upstream;
}

/** An agent on a model that knows no formats, and plays these answers one after the other. */
async function toHouse(scripts: readonly Script[], agent: object = { structuredOutput: "enforce" }): Promise<House> {
  const upstream = await startUpstream("openai-chat", (_, count) => scripts[count] ?? scripts.at(-1) ?? []);
  const { baseUrl } = upstream;
  const house = { api: "openai-completions", baseUrl, compat: { responseFormats: [] } };
  const config = {
    models: { providers: { house } },
    mcp: { servers: { fixture: await playSay() } },
    agents: { list: [{ id: "main", model: "house/small", ...agent }] },
  };
  return { config, upstream };
}

async function start(
  scripts: readonly Script[],
  agent?: object,
): Promise<{ gateway: TestGateway; upstream: Upstream }> {
  const { config, upstream } = await toHouse(scripts, agent);
  return { gateway: await startTestGateway({ config }), upstream };
}

const formatted = (stream: boolean, more: object = {}): Ask => ({ body: { stream, response_format: format, ...more } });

describe.each([false, true])("an agent that enforces `response_format` (stream: %s)", (stream) => {
  test("gives an answer that fits at once", async () => {
    const { gateway, upstream } = await start([[{ text: right }]]);
    expect(await say(gateway, "Weather?", formatted(stream))).toMatchObject({ status: 200, text: right });
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.requests[0]?.body).not.toHaveProperty("response_format");
  });

  test("lets the model repair one that does not, and shows only what fits", async () => {
    const { gateway, upstream } = await start([[{ text: "It is cold." }], [{ text: `\`\`\`json\n${right}\n\`\`\`` }]]);
    const answer = await say(gateway, "Weather?", formatted(stream, { user: "ada" }));
    expect(answer).toMatchObject({ status: 200, text: right, finishReason: "stop" });
    expect(upstream.requests).toHaveLength(2);
    // The session remembers what the client saw.
    await say(gateway, "And now?", { body: { user: "ada" } });
    const told = ["Weather?", right, "And now?"].map((content) => expect.objectContaining({ content }) as object);
    expect(upstream.requests[2]?.body["messages"]).toEqual(told);
  });

  test("fails where it cannot be repaired, and nothing of the words is shown or logged", async () => {
    const { gateway, upstream } = await start([[{ text: "It is freezing." }]]);
    const { error, text } = await say(gateway, "Weather?", formatted(stream));
    expect({ code: error?.code, text }).toEqual({ code: "upstream_error", text: "" });
    expect(error?.message).not.toContain("freezing");
    expect(JSON.stringify(gateway.log)).not.toContain("freezing");
    expect(upstream.requests).toHaveLength(2);
  });

  test("refuses a schema that cannot be used, before the model is asked", async () => {
    const { gateway, upstream } = await start([[{ text: right }]]);
    const broken = { type: "json_schema", json_schema: { name: "weather", schema: { pattern: "(" } } };
    const { status, error } = await say(gateway, "Weather?", { body: { stream, response_format: broken } });
    expect(status).toBe(400);
    expect(error).toMatchObject({ code: "invalid_value", param: "response_format.json_schema.schema" });
    expect(upstream.requests).toHaveLength(0);
  });

  test("survives a schema that is asynchronous to its compiler", async () => {
    const { gateway } = await start([[{ text: "{}" }]]);
    const broken = { type: "json_schema", json_schema: { name: "weather", schema: { ...schema, $async: true } } };
    const { error } = await say(gateway, "Weather?", { body: { stream, response_format: broken } });
    expect(error).toMatchObject({ code: "invalid_value" });
    expect((await say(gateway, "Weather?", formatted(stream))).error?.code).toBe("upstream_error");
  });

  test("lets a tool of the client be called, without the words beside the call", async () => {
    const { gateway } = await start([[{ text: "Let me see." }, { call: { id: "call_1", name: "look", args: {} } }]]);
    const tools = [{ type: "function", function: { name: "look" } }];
    const answer = await say(gateway, "Weather?", formatted(stream, { tools }));
    expect(answer).toMatchObject({ status: 200, text: "", finishReason: "tool_calls" });
  });

  test("gives the object alone where tools of the gateway ran before", async () => {
    const { gateway } = await start(
      [[{ text: "Let me see." }, { call: { id: "call_1", name: "fixture__say", args: {} } }], [{ text: right }]],
      { structuredOutput: "enforce", tools: { fixture: ["*"] } },
    );
    expect(await say(gateway, "Weather?", formatted(stream))).toMatchObject({ status: 200, text: right });
  });

  test.each([
    { type: "json_object", text: '{"any":1}' },
    { type: "text", text: "It is cold." },
  ])("gives $text for $type", async ({ type, text }) => {
    const { gateway } = await start([[{ text }]]);
    const answer = await say(gateway, "Weather?", { body: { stream, response_format: { type } } });
    expect(answer).toMatchObject({ status: 200, text });
  });
});

test("both calls of a repaired answer are paid for", async () => {
  const { gateway } = await start([[{ text: "It is cold." }], [{ text: right }]]);
  const response = await gateway.chat({ ...ask("Weather?"), response_format: format });
  expect(await response.json()).toMatchObject({
    usage: { prompt_tokens: 22, completion_tokens: 14, total_tokens: 36 },
  });
});

describe("an agent that does not enforce it", () => {
  test.each([{}, { structuredOutput: "forward" }])("refuses what its model cannot do (%j)", async (agent) => {
    const { gateway, upstream } = await start([[{ text: right }]], agent);
    for (const stream of [false, true]) {
      const { status, error } = await say(gateway, "Weather?", formatted(stream));
      expect({ status, error }).toMatchObject({
        status: 400,
        error: { code: "unsupported_value", param: "response_format" },
      });
    }
    expect(upstream.requests).toHaveLength(0);
    expect((await say(gateway, "Weather?", { body: { response_format: { type: "text" } } })).status).toBe(200);
  });

  test("passes it on where the model can", async () => {
    const { baseUrl, requests } = await startUpstream("openai-chat", [{ text: right }]);
    const gateway = await startTestGateway({
      config: {
        models: { providers: { house: { api: "openai-completions", baseUrl } } },
        agents: { list: [{ id: "main", model: "house/small", structuredOutput: "enforce" }] },
      },
    });
    expect((await say(gateway, "Weather?", formatted(false))).text).toBe(right);
    expect(requests[0]?.body["response_format"]).toEqual(format);
  });
});

const Weather = z.object({
  city: z.string(),
  degrees: z.number(),
  wind: z.object({ from: z.enum(["N", "S"]) }).nullable(),
});
const parsed = { city: "Oslo", degrees: -3, wind: { from: "N" } };

describe.each(sdks)("openai $major", (sdk) => {
  const asked = { ...ask("Weather?"), response_format: sdk.zod.zodResponseFormat(Weather, "weather") };
  const wrong = { ...parsed, wind: { from: "W" } };

  test("parses what an agent enforces", async () => {
    const { config, upstream } = await toHouse([[{ text: JSON.stringify(wrong) }], [{ text: JSON.stringify(parsed) }]]);
    const { helpers } = await startSdkTest(sdk, { config });
    const { choices } = await helpers.parse(asked);
    expect(choices[0]?.message.parsed).toEqual(parsed);
    expect(upstream.requests).toHaveLength(2);
  });

  test("parses it from a stream", async () => {
    const { config } = await toHouse([[{ text: JSON.stringify(wrong) }], [{ text: JSON.stringify(parsed) }]]);
    const { helpers } = await startSdkTest(sdk, { config });
    const { choices } = await helpers.stream(asked).finalChatCompletion();
    expect(choices[0]?.message.parsed).toEqual(parsed);
  });
});
