import { tool } from "@llamaindex/core/tools";
import type { ChatMessage, ToolCallLLMMessageOptions } from "@llamaindex/core/llms";
import { OpenAI } from "@llamaindex/openai";
import { agent, agentStreamEvent } from "@llamaindex/workflow";
import { expect, test } from "vitest";
import { z } from "zod";
import { createWeather, startClientTest } from "./client.fixture.ts";
import { stayOnLoopback } from "./loopback.fixture.ts";
import { report, weatherAnswer, weatherQuestion, weatherTurn } from "./model.fixture.ts";

stayOnLoopback();

async function start(user?: string) {
  const parts = await startClientTest();
  const { baseURL, apiKey, fetch } = parts;
  const llm = new OpenAI({
    model: "openclaw",
    baseURL,
    apiKey,
    maxRetries: 0,
    additionalSessionOptions: { fetch },
    ...(user === undefined ? {} : { additionalChatOptions: { user } }),
  });
  const { calls, run } = createWeather();
  const weather = tool({
    name: "get_weather",
    description: "The weather of a city.",
    parameters: z.object({ city: z.string() }),
    execute: run,
  });
  return { ...parts, llm, weather, calls };
}

type Said = ChatMessage<ToolCallLLMMessageOptions>;
const said = (content: string): Said => ({ role: "user", content });

test("chat answers", async () => {
  const { llm, heard } = await start();
  const { message } = await llm.chat({ messages: [{ role: "system", content: "Be brief." }, said("Hello.")] });
  expect(message).toMatchObject({ role: "assistant", content: "You said: Hello." });
  expect(heard()).toEqual([["system: Be brief.", "user: Hello."]]);
});

test("a streamed chat answers piece by piece", async () => {
  const { llm } = await start();
  const deltas: string[] = [];
  for await (const { delta } of await llm.chat({ messages: [said("Hello.")], stream: true })) deltas.push(delta);
  expect(deltas.filter((delta) => delta !== "")).toEqual(["You said: ", "Hello."]);
});

test("chat calls a tool, and the model gets its result under the id of the call", async () => {
  const { llm, weather, heard } = await start();
  const messages = [said(weatherQuestion)];
  const { message } = await llm.chat({ messages, tools: [weather] });
  const [call] = (message.options as { toolCall: { id: string; name: string; input: string }[] }).toolCall;
  expect(call).toMatchObject({ name: "get_weather", id: "call_oslo_0" });
  const toolResult = { id: call?.id ?? "", result: "7 degrees", isError: false };
  const result: Said = { role: "user", content: "7 degrees", options: { toolResult } };
  const answer = await llm.chat({ messages: [...messages, message, result], tools: [weather] });
  expect(answer.message.content).toBe(weatherAnswer);
  expect(heard()).toEqual([weatherTurn.slice(0, 1), weatherTurn.slice(0, 3)]);
});

test("an agent workflow runs a tool and streams its answer", async () => {
  const { llm, weather, calls, heard } = await start();
  const events = agent({ llm, tools: [weather], systemPrompt: "Be brief." }).runStream(weatherQuestion);
  let text = "";
  for await (const event of events) if (agentStreamEvent.include(event)) text += event.data.delta;
  expect(text).toBe(weatherAnswer);
  expect(calls).toEqual([{ city: "Oslo" }]);
  const system = "system: Be brief.";
  expect(heard()).toEqual([
    [system, ...weatherTurn.slice(0, 1)],
    [system, ...weatherTurn.slice(0, 3)],
  ]);
});

test("an agent workflow finds the turns of the user's session, and says none twice", async () => {
  const { llm, weather, heard } = await start("ada");
  const assistant = agent({ llm, tools: [weather], systemPrompt: "Be brief." });
  await assistant.run(weatherQuestion);
  const { data } = await agent({ llm, systemPrompt: "Be brief." }).run("What did I ask first?");
  expect(data.result).toBe(`You asked: ${weatherQuestion}`);
  expect(heard().at(-1)).toEqual(["system: Be brief.", ...weatherTurn, "user: What did I ask first?"]);
});

test("a chat that sends its whole history again says nothing twice", async () => {
  const { llm, heard } = await start("ada");
  const messages = [said("Hello.")];
  messages.push((await llm.chat({ messages })).message, said("What did I say first?"));
  expect((await llm.chat({ messages })).message.content).toBe("You asked: Hello.");
  expect(heard().at(-1)).toEqual(["user: Hello.", "assistant: You said: Hello.", "user: What did I say first?"]);
});

test("chat and exec get what a schema asks for, as an answer and by a tool", async () => {
  const { llm, requests } = await start();
  const responseFormat = z.object({ city: z.string(), degrees: z.number().int() });
  const { message } = await llm.chat({ messages: [said("Oslo?")], responseFormat });
  expect(JSON.parse(message.content as string)).toEqual(report);
  expect(requests[0]?.body["response_format"]).toMatchObject({ type: "json_schema", json_schema: { strict: true } });
  const { object } = await llm.exec({ messages: [said(weatherQuestion)], responseFormat });
  expect(object).toEqual(report);
});

test("an error of the gateway keeps its status and its code", async () => {
  const { llm } = await start();
  const asked = llm.chat({ messages: [said("overload")] });
  await expect(asked).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
});
