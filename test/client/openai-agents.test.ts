import {
  Agent,
  type AgentInputItem,
  OpenAIProvider,
  Runner,
  setDefaultOpenAIClient,
  setOpenAIAPI,
  setTracingDisabled,
  tool,
  user,
} from "@openai/agents";
import OpenAI from "openai";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { createWeather, startClientTest } from "./client.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";
import { report, weatherAnswer, weatherQuestion, weatherTurn } from "./model.fixture.ts";

stayOnLoopback();

// From its first run on, the package ends the process at signals.
afterAll(() => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
});
setTracingDisabled(true);
setOpenAIAPI("chat_completions");

async function start() {
  const parts = await startClientTest();
  const { baseURL, apiKey, fetch } = parts;
  setDefaultOpenAIClient(new OpenAI({ baseURL, apiKey, fetch, maxRetries: 0, logLevel: "off" }));
  const { calls, run: execute } = createWeather();
  const weather = tool({
    name: "get_weather",
    description: "The weather of a city.",
    parameters: z.object({ city: z.string() }),
    execute,
  });
  // The package's own runner keeps the client of the first test.
  const runner = new Runner({ modelProvider: new OpenAIProvider() });
  return { ...parts, calls, runner, agent: new Agent({ name: "Forecaster", model: "openclaw", tools: [weather] }) };
}

/** The client's way to say `user`. */
const asAda = { modelSettings: { providerData: { user: "ada" } } };

interface Answer {
  readonly text: unknown;
  readonly streamed: string;
  readonly history: AgentInputItem[];
  readonly tokens: number;
}

const ways = [
  {
    way: "run",
    ask: async (runner: Runner, agent: Agent, input: string | AgentInputItem[]): Promise<Answer> => {
      const { finalOutput: text, history, state } = await runner.run(agent, input);
      return { text, streamed: String(text), history, tokens: state.usage.totalTokens };
    },
  },
  {
    way: "a streamed run",
    ask: async (runner: Runner, agent: Agent, input: string | AgentInputItem[]): Promise<Answer> => {
      const result = await runner.run(agent, input, { stream: true });
      let streamed = "";
      for await (const delta of result.toTextStream()) streamed += delta;
      await result.completed;
      const { finalOutput: text, history, state } = result;
      return { text, streamed, history, tokens: state.usage.totalTokens };
    },
  },
];

test.each(ways)("$way calls its tool, and the model gets the result under the id of the call", async ({ ask }) => {
  const { runner, agent, calls, heard, sent } = await start();
  const { text, streamed, tokens } = await ask(runner, agent, weatherQuestion);
  expect([text, streamed]).toEqual([weatherAnswer, weatherAnswer]);
  expect(tokens).toBe(36);
  expect(calls).toEqual([{ city: "Oslo" }]);
  expect(sent[0]?.["tools"]).toMatchObject([{ function: { name: "get_weather", strict: true } }]);
  expect(heard()).toEqual([weatherTurn.slice(0, 1), weatherTurn.slice(0, 3)]);
});

test.each(ways)("$way finds the turns of the user's session, and says none twice", async ({ ask }) => {
  const { runner, agent, heard } = await start();
  const ada = agent.clone(asAda);
  const first = await ask(runner, ada, weatherQuestion);
  const second = await ask(runner, ada, "What did I ask first?");
  expect(second.text).toBe(`You asked: ${weatherQuestion}`);
  await ask(runner, ada, [...first.history, ...second.history, user("Thanks.")]);
  expect(heard().at(-1)).toEqual([
    ...weatherTurn,
    "user: What did I ask first?",
    `assistant: You asked: ${weatherQuestion}`,
    "user: Thanks.",
  ]);
});

test("an agent with instructions and an output type gets what its schema asks for", async () => {
  const { runner, heard, requests } = await start();
  const agent = new Agent({
    name: "Reporter",
    model: "openclaw",
    instructions: "Be brief.",
    outputType: z.object({ city: z.string(), degrees: z.number().int() }),
  });
  expect((await runner.run(agent, "Oslo?")).finalOutput).toEqual(report);
  expect(requests[0]?.body["response_format"]).toMatchObject({ type: "json_schema", json_schema: { strict: true } });
  expect(heard()).toEqual([["system: Be brief.", "user: Oslo?"]]);
});

test("an agent hands over to another, who gets the conversation", async () => {
  const { runner, agent, heard } = await start();
  const desk = new Agent({ name: "Desk", model: "openclaw", handoffs: [agent] });
  const { lastAgent } = await runner.run(desk, weatherQuestion);
  expect(lastAgent?.name).toBe("Forecaster");
  expect(heard().at(-1)).toEqual([
    `user: ${weatherQuestion}`,
    "assistant: transfer_to_Forecaster#call_oslo_0",
    'tool#call_oslo_0: {"assistant":"Forecaster"}',
  ]);
});

test("an error of the gateway keeps its status and its code", async () => {
  const { runner, agent } = await start();
  await expect(runner.run(agent, "overload")).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
});
