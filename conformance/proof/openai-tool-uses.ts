import type OpenAI from "openai";
import { z } from "zod";
import { create, iterate, type Asked, type Message, say, type SdkUse } from "./openai-uses.ts";

const weather: OpenAI.ChatCompletionFunctionTool = {
  type: "function",
  function: {
    name: "get_weather",
    description: "The weather in a city.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
const clock: OpenAI.ChatCompletionFunctionTool = { type: "function", function: { name: "get_time" } };
const forced = { type: "function", function: { name: "get_weather" } } as const;
const oslo = '@@tool get_weather {"city":"Oslo"}\n@@then It is {result}.';
const both = '@@tool get_weather {"city":"Oslo"}\n@@tool get_weather {"city":"Rome"}';

/** What a program does with each call: looks the function up, parses the arguments, and answers by the id. */
function work(calls: readonly OpenAI.Chat.ChatCompletionMessageToolCall[] | undefined): Message[] {
  return (calls ?? []).map((call) => {
    if (call.type !== "function") throw new Error(`unknown kind of call: ${call.type}`);
    const { city = "nowhere" } = JSON.parse(call.function.arguments) as { city?: string };
    if (!["get_weather", "get_time"].includes(call.function.name)) throw new Error(`no function ${call.function.name}`);
    return { role: "tool", tool_call_id: call.id, content: `7 degrees in ${city}` };
  });
}

/** The calls of a stream, put together as OpenAI's guide does. */
async function gather({ sdk, model }: Asked, text: string) {
  const asked = { model, messages: say(text), stream: true as const, tools: [weather, clock] };
  const stream = await sdk.client.chat.completions.create(asked);
  const calls: Record<number, OpenAI.Chat.ChatCompletionMessageFunctionToolCall> = {};
  let finish: string | null | undefined;
  for await (const { choices } of stream) {
    finish = choices[0]?.finish_reason ?? finish;
    for (const part of choices[0]?.delta?.tool_calls ?? []) {
      const call = (calls[part.index] ??= {
        id: part.id ?? "",
        type: (part.type as "function" | undefined) ?? ("" as "function"),
        function: { name: "", arguments: "" },
      });
      call.function.name += part.function?.name ?? "";
      call.function.arguments += part.function?.arguments ?? "";
    }
  }
  return { calls: Object.values(calls), finish };
}

const shape = z.object({ word: z.string() });
const format = {
  type: "json_schema",
  json_schema: {
    name: "word",
    strict: true,
    schema: {
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
      properties: { word: { type: "string" } },
      required: ["word"],
      additionalProperties: false,
    },
  },
} as const;
const tree = {
  type: "json_schema",
  json_schema: {
    name: "tree",
    strict: true,
    schema: {
      type: "object",
      properties: { root: { $ref: "#/$defs/node" } },
      required: ["root"],
      additionalProperties: false,
      $defs: {
        node: {
          type: "object",
          properties: { name: { type: "string" }, next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
          required: ["name", "next"],
          additionalProperties: false,
        },
      },
    },
  },
} as const;

/** What programs do with tools and structured answers. */
export const toolUses: readonly SdkUse[] = [
  {
    name: "a tool's round trip",
    async run(asked) {
      const messages = say(oslo);
      const first = await create(asked, messages, { tools: [weather], tool_choice: "auto" });
      const [choice] = first.choices;
      const message = choice!.message;
      if (choice!.finish_reason !== "tool_calls") return { said: message.content };
      messages.push(message, ...work(message.tool_calls));
      const second = await create(asked, messages, { tools: [weather] });
      return { said: second.choices[0]?.message.content, text: message.content ?? "" };
    },
  },
  {
    name: "a tool's round trip, streamed",
    async run(asked) {
      const messages = say(oslo);
      const { calls, finish } = await gather(asked, oslo);
      if (finish !== "tool_calls") return { finish };
      messages.push({ role: "assistant", content: null, tool_calls: calls }, ...work(calls));
      const second = await create(asked, messages, { tools: [weather] });
      return { said: second.choices[0]?.message.content };
    },
  },
  {
    name: "two calls in one stream",
    async run(asked) {
      const { calls, finish } = await gather(asked, both);
      return {
        calls: calls.map(({ type, function: { name, arguments: given } }) => [type, name, JSON.parse(given)]),
        ids: new Set(calls.map(({ id }) => id)).size,
        finish,
      };
    },
  },
  {
    name: "two calls in one answer",
    async run(asked) {
      const { choices } = await create(asked, both, { tools: [weather] });
      const calls = choices[0]?.message.tool_calls;
      return { work: work(calls).map(({ content }) => content), ids: new Set(calls?.map(({ id }) => id)).size };
    },
  },
  {
    name: "the results of two rounds, by the id of their call",
    async run(asked) {
      const results = new Map<string, string>();
      for (const text of ['@@tool get_weather {"city":"Oslo"}', '@@tool get_weather {"city":"Rome"}']) {
        const { choices } = await create(asked, text, { tools: [weather] });
        for (const call of choices[0]?.message.tool_calls ?? [])
          results.set(call.id, "function" in call ? call.function.arguments : "");
      }
      return [...results.values()];
    },
  },
  {
    name: "the arguments of a call, in both modes",
    async run(asked) {
      const text = '@@tool get_weather {"city":"Tromsø \\u2713","deep":{"a":[1,2]}}';
      const { choices } = await create(asked, text, { tools: [weather] });
      const [call] = choices[0]?.message.tool_calls ?? [];
      const whole = call !== undefined && "function" in call ? call.function.arguments : "";
      return { whole, streamed: (await gather(asked, text)).calls.map((one) => one.function.arguments) };
    },
  },
  {
    name: "a call of a function without parameters",
    async run(asked) {
      const text = "@@tool get_time";
      const { choices } = await create(asked, text, { tools: [clock] });
      const { calls } = await gather(asked, text);
      return [work(choices[0]?.message.tool_calls), work(calls)].map((list) => list.map(({ content }) => content));
    },
  },
  {
    name: "a function that must be called",
    async run(asked) {
      const { choices } = await create(asked, "What is the weather in Oslo?", {
        tools: [clock, weather],
        tool_choice: forced,
      });
      return choices[0]?.message.tool_calls?.map((call) => ("function" in call ? call.function.name : call.type));
    },
  },
  {
    name: "the calls of .stream()",
    async run({ sdk, model }) {
      const done: unknown[] = [];
      const stream = sdk.helpers.stream({ model, messages: say(both), tools: [weather] });
      stream.on(
        "tool_calls.function.arguments.done",
        (call) => void done.push([call.name, JSON.parse(call.arguments)]),
      );
      const message = await stream.finalMessage();
      return {
        done,
        calls: message.tool_calls?.map((call) =>
          "function" in call ? [call.type, JSON.parse(call.function.arguments)] : call.type,
        ),
      };
    },
  },
  ...[false, true].map((streamed): SdkUse => ({
    name: streamed ? ".runTools() with a stream" : ".runTools()",
    async run({ sdk, model }) {
      const given: string[] = [];
      const implementation = (text: string): string => {
        given.push(text);
        return "7 degrees";
      };
      const tool = { type: "function", function: { ...weather.function, function: implementation } };
      // The types of its overloads differ from major to major; what is given is what all of them take.
      const helpers = sdk.helpers as unknown as { runTools(body: object): { finalContent(): Promise<string | null> } };
      const runner = helpers.runTools({ model, messages: say(oslo), tools: [tool], stream: streamed });
      return { said: await runner.finalContent(), given };
    },
  })),
  {
    name: "the old functions",
    async run(asked) {
      const { choices } = await create(asked, '@@tool get_weather {"city":"Oslo"}', {
        functions: [weather.function],
        function_call: { name: "get_weather" },
      });
      const { function_call: call } = choices[0]!.message;
      return call === undefined || call === null ? "not called" : [call.name, JSON.parse(call.arguments)];
    },
  },
  {
    name: ".parse() with a zod schema",
    async run({ sdk, model }) {
      const { zodResponseFormat } = (await import(`${sdk.packageName}/helpers/zod`)) as {
        zodResponseFormat: (type: unknown, name: string) => typeof format;
      };
      const answer = await sdk.helpers.parse({
        model,
        messages: say("@@json hi"),
        response_format: zodResponseFormat(shape, "word"),
      });
      return answer.choices[0]?.message.parsed;
    },
  },
  {
    name: "a structured answer, streamed",
    run: async (asked) => JSON.parse((await iterate(asked, "@@json hi", { response_format: format })).said) as unknown,
  },
  {
    name: "a structured answer of a schema that refers to itself",
    async run(asked) {
      const { choices } = await create(asked, "@@json hi", { response_format: tree });
      return JSON.parse(choices[0]?.message.content ?? "") as unknown;
    },
  },
  {
    name: "a structured answer that is cut short, by .parse()",
    async run({ sdk, model }) {
      const answer = await sdk.helpers.parse({
        model,
        messages: say('@@echo {"word":"a b c d e f g h i"}'),
        response_format: format,
        max_completion_tokens: 4,
      });
      return answer.choices[0]?.message.parsed;
    },
  },
  {
    name: "a function with every legal kind of schema",
    async run(asked) {
      const kinds = [
        { name: "bare" },
        { name: "null_strict", strict: null, parameters: { type: "object", properties: {} } },
        {
          name: "dialect",
          parameters: { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", properties: {} },
        },
      ];
      const tools = kinds.map((one) => ({ type: "function" as const, function: one }));
      const choices = ["none", "auto", "required", { type: "function", function: { name: "bare" } }] as const;
      const said = [];
      for (const tool_choice of choices) {
        const answer = await create(asked, "@@tool bare", { tools, tool_choice });
        said.push(answer.choices[0]?.finish_reason);
      }
      return said;
    },
  },
];
