import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import {
  APICallError,
  generateObject,
  generateText,
  jsonSchema,
  type ModelMessage,
  Output,
  stepCountIs,
  streamText,
  tool,
} from "ai";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { z } from "zod";
import { createWeather, startClientTest } from "./client.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";
import { report, weatherAnswer, weatherQuestion, weatherTurn } from "./model.fixture.ts";

stayOnLoopback();

// That generateObject is deprecated is known.
beforeAll(() => void vi.stubGlobal("AI_SDK_LOG_WARNINGS", false));
afterAll(() => void vi.unstubAllGlobals());

/** The client's way to say `user`: under the name that its provider was given. */
const asAda = { providerOptions: { clawgate: { user: "ada" } } };
const reportType = z.object({ city: z.string(), degrees: z.number().int() });

async function start(headers: Record<string, string> = {}) {
  const parts = await startClientTest();
  const { baseURL, apiKey, fetch } = parts;
  const clawgate = createOpenAICompatible({
    name: "clawgate",
    baseURL,
    apiKey,
    headers,
    fetch,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  const { calls, run } = createWeather();
  const tools = {
    get_weather: tool({
      description: "The weather of a city.",
      inputSchema: z.object({ city: z.string() }),
      execute: run,
    }),
  };
  return { ...parts, calls, tools, options: { model: clawgate("openclaw"), maxRetries: 0, stopWhen: stepCountIs(4) } };
}

const ways = [
  {
    way: "generateText",
    ask: async (request: Parameters<typeof generateText>[0]) => {
      const { text, steps, usage, finishReason, responseMessages } = await generateText(request);
      return { text, steps, usage, finishReason, messages: responseMessages };
    },
  },
  {
    way: "streamText",
    ask: async (request: Parameters<typeof generateText>[0]) => {
      const result = streamText(request as Parameters<typeof streamText>[0]);
      let text = "";
      for await (const delta of result.textStream) text += delta;
      return {
        text,
        steps: await result.steps,
        usage: await result.usage,
        finishReason: await result.finishReason,
        messages: await result.responseMessages,
      };
    },
  },
];

test.each(ways)("$way answers, with the usage that the model server counted", async ({ ask }) => {
  const { options, heard } = await start();
  const { text, usage, finishReason } = await ask({ ...options, instructions: "Be brief.", prompt: "Hello." });
  expect({ text, finishReason }).toEqual({ text: "You said: Hello.", finishReason: "stop" });
  expect(usage).toMatchObject({ inputTokens: 11, outputTokens: 7, totalTokens: 18 });
  expect(heard()).toEqual([["system: Be brief.", "user: Hello."]]);
});

test.each(ways)("$way runs a tool, and the model gets its result under the id of the call", async ({ ask }) => {
  const { options, tools, calls, heard } = await start();
  const { text, steps } = await ask({ ...options, tools, prompt: weatherQuestion });
  expect(text).toBe(weatherAnswer);
  expect(steps.map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
  expect(calls).toEqual([{ city: "Oslo" }]);
  expect(heard()).toEqual([weatherTurn.slice(0, 1), weatherTurn.slice(0, 3)]);
});

test.each(ways)("$way finds the turns of the user's session, and says none twice", async ({ ask }) => {
  const { options, tools, heard } = await start();
  const said = (content: string): ModelMessage => ({ role: "user", content });
  const first = await ask({ ...options, ...asAda, tools, messages: [said(weatherQuestion)] });
  const second = await ask({ ...options, ...asAda, prompt: "What did I ask first?" });
  expect(second.text).toBe(`You asked: ${weatherQuestion}`);
  const whole = [said(weatherQuestion), ...first.messages, said("What did I ask first?"), ...second.messages];
  await ask({ ...options, ...asAda, tools, messages: [...whole, said("Thanks.")] });
  expect(heard().at(-1)).toEqual([
    ...weatherTurn,
    "user: What did I ask first?",
    `assistant: You asked: ${weatherQuestion}`,
    "user: Thanks.",
  ]);
});

test("a session may be named by a header of the provider", async () => {
  const { options, heard } = await start({ "x-openclaw-session-key": "notes" });
  await generateText({ ...options, prompt: "Hello." });
  await generateText({ ...options, prompt: "What did I say first?" });
  expect(heard().at(-1)).toEqual(["user: Hello.", "assistant: You said: Hello.", "user: What did I say first?"]);
});

test("Output.object and generateObject get what the schema asks for, which the model server sees", async () => {
  const { options, requests } = await start();
  const { output } = await generateText({ ...options, output: Output.object({ schema: reportType }), prompt: "Oslo?" });
  const { object } = await generateObject({ ...options, schema: reportType, prompt: "Oslo?" });
  expect([output, object]).toEqual([report, report]);
  for (const { body } of requests) {
    expect(body["response_format"]).toMatchObject({
      type: "json_schema",
      json_schema: { strict: true, schema: { type: "object", required: ["city", "degrees"] } },
    });
  }
});

test("streamed objects come whole", async () => {
  const { options } = await start();
  const output = Output.object({ schema: jsonSchema<typeof report>({ type: "object" }) });
  const result = streamText({ ...options, output, prompt: "Oslo?" });
  const partial: unknown[] = [];
  for await (const value of result.partialOutputStream) partial.push(value);
  expect(partial.at(-1)).toEqual(report);
  expect(await result.output).toEqual(report);
});

/** One pixel. */
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

test("an image reaches the model", async () => {
  const { options, requests, heard } = await start();
  const content = [
    { type: "text" as const, text: "What is it? " },
    { type: "file" as const, data: Buffer.from(png, "base64"), mediaType: "image/png" },
  ];
  await generateText({ ...options, messages: [{ role: "user", content }] });
  expect(heard()).toEqual([["user: What is it? (image_url)"]]);
  expect(JSON.stringify(requests[0]?.body)).toContain(`data:image/png;base64,${png}`);
});

test.each([
  { headers: { "x-clawgate-include": "reasoning" }, want: "Let me see." },
  { headers: {}, want: undefined },
])("reasoning is shown where it is asked for ($headers)", async ({ headers, want }) => {
  const { options } = await start(headers);
  const whole = await generateText({ ...options, prompt: "Do think." });
  expect(whole.reasoningText).toBe(want);
  const streamed = streamText({ ...options, prompt: "Do think." });
  expect(await streamed.reasoningText).toBe(want);
  expect([whole.text, await streamed.text]).toEqual(["You said: Do think.", "You said: Do think."]);
});

test("an error arrives with its status and message, and as the end of a stream", async () => {
  const { options } = await start();
  const error: unknown = await generateText({ ...options, prompt: "overload" }).catch((reason: unknown) => reason);
  expect(APICallError.isInstance(error)).toBe(true);
  expect(error).toMatchObject({ statusCode: 429, isRetryable: true });

  const errors: unknown[] = [];
  const onError = ({ error: reason }: { error: unknown }): void => void errors.push(reason);
  const streamed = streamText({ ...options, prompt: "break off", onError });
  const parts: string[] = [];
  for await (const { type } of streamed.fullStream) parts.push(type);
  expect(parts).toContain("error");
  expect(JSON.stringify(errors)).toContain("broke off");
});

test("a call without a key that counts is refused", async () => {
  const { baseURL, fetch } = await startClientTest();
  const model = createOpenAICompatible({ name: "clawgate", baseURL, apiKey: "wrong", fetch })("openclaw");
  await expect(generateText({ model, maxRetries: 0, prompt: "Hello." })).rejects.toMatchObject({ statusCode: 401 });
});
