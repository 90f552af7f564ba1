import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, stepCountIs, streamText, tool } from "ai";
import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { startTestGateway, type TestGateway, testToken } from "../gateway.fixture.ts";
import { type Sdk, sdks } from "../sdk/clients.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";
import { type Thinker, thinkers, toThinkerAnswer } from "../upstream/thinkers.fixture.ts";
import { createWeather } from "./client.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";

stayOnLoopback();
beforeAll(() => void vi.stubGlobal("AI_SDK_LOG_WARNINGS", false));
afterAll(() => void vi.unstubAllGlobals());

/** A gateway before a model that refuses to go on without what it gave; nobody has asked for reasoning or a session. */
async function start(thinker: Thinker): Promise<TestGateway> {
  const { api, vendor, model, compat } = thinker;
  const answer = toThinkerAnswer(thinker, { name: "get_weather", args: { city: "Oslo" } });
  const { baseUrl } = await startUpstream(vendor, answer);
  const provider = { api, baseUrl, apiKey: "sk-lab", ...(compat === undefined ? {} : { compat }) };
  return startTestGateway({
    config: { models: { providers: { lab: provider } }, agents: { defaults: { model: `lab/${model}` } } },
  });
}

const content = "What is the weather?";
const answer = /It is 7 degrees\.$/;

type ToolRequest = typeof body &
  Pick<OpenAI.ChatCompletionCreateParamsNonStreaming, "messages"> & {
    readonly tools: OpenAI.ChatCompletionFunctionTool[];
  };

const body = { model: "openclaw", reasoning_effort: "high" as const };

describe.each(sdks)("openai $major", (sdk) => {
  const parameters = { type: "object", properties: { city: { type: "string" } } };
  const definition = { name: "get_weather", description: "The weather of a city.", parameters };
  async function startClient(thinker: Thinker): Promise<ReturnType<Sdk["createClient"]>> {
    const { baseUrl, fetch } = await start(thinker);
    return sdk.createClient({ baseURL: baseUrl, apiKey: testToken, maxRetries: 0, logLevel: "off", fetch });
  }

  /** As its documentation shows it: the message goes back as it came. */
  async function talk(
    thinker: Thinker,
    say: (client: OpenAI, request: ToolRequest) => Promise<OpenAI.ChatCompletionMessage>,
  ): Promise<string | null> {
    // Every major has what is used of it here.
    const client = (await startClient(thinker)) as OpenAI;
    const tools = [{ type: "function" as const, function: definition }];
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content }];
    const called = await say(client, { ...body, messages, tools });
    const id = called.tool_calls?.[0]?.id ?? "";
    messages.push(called, { role: "tool", tool_call_id: id, content: "7 degrees" });
    return (await say(client, { ...body, messages, tools })).content;
  }

  test.each(thinkers)("goes on with $name, whole", async (thinker) => {
    const text = await talk(thinker, async (client, request) => {
      const { choices } = await client.chat.completions.create(request);
      if (choices[0] === undefined) throw new Error("no choice");
      return choices[0].message;
    });
    expect(text).toMatch(answer);
  });

  test.each(thinkers)("goes on with $name, put together from a stream", async (thinker) => {
    const text = await talk(thinker, (client, request) => sdk.toHelpers(client).stream(request).finalMessage());
    expect(text).toMatch(answer);
  });

  // The helper of majors 6 and 7 gives back nothing but what OpenAI's own document knows.
  const takesStandIn = thinkers.filter(({ findForeign }) => findForeign !== undefined);
  test.each(sdk.major < 6 ? thinkers : takesStandIn)("runTools goes on with $name", async (thinker) => {
    const { findFault, findForeign = findFault } = thinker;
    const client = await startClient({ ...thinker, findFault: sdk.major < 6 ? findFault : findForeign });
    const weather = createWeather();
    const parse = (text: string): object => JSON.parse(text) as object;
    const get = { type: "function" as const, function: { ...definition, parse, function: weather.run } };
    const messages = [{ role: "user" as const, content }];
    const runner = sdk.toHelpers(client).runTools({ ...body, messages, tools: [get] });
    expect(await runner.finalContent()).toMatch(answer);
  });
});

/** It gives back the text of the reasoning, and of the signatures those of calls. */
const known = thinkers.filter(({ name }) => name === "DeepSeek" || name === "Gemini's calls");

describe.each(known)("the AI SDK and $name", (thinker) => {
  async function startOptions() {
    const { baseUrl, fetch } = await start(thinker);
    const clawgate = createOpenAICompatible({ name: "clawgate", baseURL: baseUrl, apiKey: testToken, fetch });
    const weather = createWeather();
    const inputSchema = z.object({ city: z.string() });
    const tools = { get_weather: tool({ description: "The weather of a city.", inputSchema, execute: weather.run }) };
    return { model: clawgate("openclaw"), maxRetries: 0, stopWhen: stepCountIs(4), tools, prompt: content };
  }

  test("generateText goes on", async () => {
    const { text } = await generateText(await startOptions());
    expect(text).toMatch(answer);
  });

  test("streamText goes on", async () => {
    expect(await streamText(await startOptions()).text).toMatch(answer);
  });
});
