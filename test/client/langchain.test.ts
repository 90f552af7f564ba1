import { AIMessage, type BaseMessageLike, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI, type ChatOpenAIFields } from "@langchain/openai";
import { expect, test } from "vitest";
import { z } from "zod";
import { createWeather, startClientTest } from "./client.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";
import { report, weatherAnswer, weatherQuestion, weatherTurn } from "./model.fixture.ts";

stayOnLoopback();

async function start(fields: ChatOpenAIFields = {}) {
  const parts = await startClientTest();
  const { baseURL, apiKey, fetch } = parts;
  const model = new ChatOpenAI({
    model: "openclaw",
    apiKey,
    maxRetries: 0,
    configuration: { baseURL, fetch },
    ...fields,
  });
  const { calls, run } = createWeather();
  const weather = tool(run, {
    name: "get_weather",
    description: "The weather of a city.",
    schema: z.object({ city: z.string() }),
  });
  return { ...parts, model, weather, calls };
}

type Model = Awaited<ReturnType<typeof start>>["model"];
type Runnable = Pick<Model, "invoke" | "stream">;

const ways = [
  { way: "invoke", ask: (model: Runnable, said: BaseMessageLike[]): Promise<AIMessage> => model.invoke(said) },
  {
    way: "stream",
    ask: async (model: Runnable, said: BaseMessageLike[]): Promise<AIMessage> => {
      const chunks = await Array.fromAsync(await model.stream(said));
      const whole = chunks.reduce((sum, chunk) => sum.concat(chunk));
      const { content, tool_calls: calls = [], usage_metadata: usage, response_metadata: metadata } = whole;
      return new AIMessage({
        content,
        tool_calls: calls,
        response_metadata: metadata,
        ...(usage === undefined ? {} : { usage_metadata: usage }),
      });
    },
  },
];

test.each(ways)("$way answers, with the usage that the model server counted", async ({ ask }) => {
  const { model, heard } = await start();
  const answer = await ask(model, [new SystemMessage("Be brief."), new HumanMessage("Hello.")]);
  expect(answer.text).toBe("You said: Hello.");
  expect(answer.usage_metadata).toMatchObject({ input_tokens: 11, output_tokens: 7, total_tokens: 18 });
  expect(answer.response_metadata).toMatchObject({ finish_reason: "stop" });
  expect(heard()).toEqual([["system: Be brief.", "user: Hello."]]);
});

/** Runs what the model calls until it answers; the whole conversation goes with every question, as LangChain has it. */
async function converse(
  {
    model,
    weather,
    ask,
  }: { model: Runnable; weather: { invoke: (call: never) => Promise<unknown> }; ask: (typeof ways)[number]["ask"] },
  said: BaseMessageLike[],
): Promise<AIMessage> {
  for (;;) {
    const answer = await ask(model, said);
    said.push(answer);
    if (answer.tool_calls === undefined || answer.tool_calls.length === 0) return answer;
    for (const call of answer.tool_calls) said.push((await weather.invoke(call as never)) as ToolMessage);
  }
}

test.each(ways)("bindTools and $way: the model gets the tool's result under the id of its call", async ({ ask }) => {
  const { model, weather, calls, heard } = await start();
  const said: BaseMessageLike[] = [new HumanMessage(weatherQuestion)];
  const answer = await converse({ model: model.bindTools([weather]), weather, ask }, said);
  expect(answer.text).toBe(weatherAnswer);
  expect(calls).toEqual([{ city: "Oslo" }]);
  expect(said[2]).toBeInstanceOf(ToolMessage);
  expect(heard()).toEqual([weatherTurn.slice(0, 1), weatherTurn.slice(0, 3)]);
});

test.each(ways)("$way finds the turns of the user's session, and says none twice", async ({ ask }) => {
  const { model, weather, heard } = await start({ user: "ada" });
  const said: BaseMessageLike[] = [new HumanMessage(weatherQuestion)];
  await converse({ model: model.bindTools([weather]), weather, ask }, said);
  const question = new HumanMessage("What did I ask first?");
  const answer = await ask(model, [question]);
  expect(answer.text).toBe(`You asked: ${weatherQuestion}`);
  await ask(model.bindTools([weather]), [...said, question, answer, new HumanMessage("Thanks.")]);
  expect(heard().at(-1)).toEqual([
    ...weatherTurn,
    "user: What did I ask first?",
    `assistant: You asked: ${weatherQuestion}`,
    "user: Thanks.",
  ]);
});

test.each(["jsonSchema", "functionCalling"] as const)("withStructuredOutput works by %s", async (method) => {
  const { model, requests } = await start();
  const schema = z.object({ city: z.string(), degrees: z.number().int() });
  const structured = model.withStructuredOutput(schema, { name: "report", method });
  expect(await structured.invoke("Oslo?")).toEqual(report);
  expect(requests[0]?.body).toMatchObject(
    method === "jsonSchema"
      ? { response_format: { type: "json_schema", json_schema: { name: "report", strict: true } } }
      : { tool_choice: { type: "function", function: { name: "report" } } },
  );
});

test("an error of the gateway keeps its status and its code", async () => {
  const { model } = await start();
  await expect(model.invoke("overload")).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
});
