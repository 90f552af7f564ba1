import { defineCases } from "../case.ts";
import { expectEqual, expectObject, expectText, expectThat, show } from "../expect.ts";
import {
  accepts,
  ask,
  describe,
  expectAccepted,
  expectRefused,
  isNotOffered,
  refuses,
  toError,
  toMessage,
} from "./request-check.ts";
import { weatherTool } from "./request-history.ts";

const tools = [weatherTool];
const schema = weatherTool.function.parameters;
const legacy = { name: "get_weather", description: "The weather in a city.", parameters: schema };
const custom = { type: "custom", custom: { name: "note", description: "Takes a note." } };
const weatherChoice = { type: "function", function: { name: "get_weather" } };
const nameMax = 64;

export const requestToolCases = defineCases([
  {
    id: "REQ-36",
    level: "DOC",
    requirement:
      "The name of a function or of a JSON schema has 1 to 64 letters, digits, `_` or `-`; another is refused with 400 and `param`.",
    source: "OpenAI's document: FunctionObject.name, ResponseFormatJsonSchema.json_schema.name (their descriptions)",
    limitMs: 20_000,
    async run(context) {
      for (const name of ["bad name!", "x".repeat(nameMax + 1), ""]) {
        const format = { type: "json_schema", json_schema: { name, schema: { type: "object" } } };
        await refuses([{ tools: [{ type: "function", function: { name } }] }], "tools")(context);
        await refuses([{ response_format: format }], "response_format")(context);
      }
      if (!context.has("tools")) return;
      await accepts([{ tools: [{ type: "function", function: { name: "x".repeat(nameMax) } }] }])(context);
    },
  },
  {
    id: "REQ-37",
    level: "DOC",
    requirement:
      "A tool is of type `function` or `custom`, and a function has a name; anything else is refused with 400.",
    source: "OpenAI's document: CreateChatCompletionRequest.tools, FunctionObject.required",
    needs: ["tools"],
    run: refuses([
      { tools: [{ ...weatherTool, type: "magic" }] },
      { tools: [{ function: weatherTool.function }] },
      { tools: [{ type: "function", function: { parameters: schema } }] },
      { tools: [{ type: "function" }] },
      { tools: [{ type: "custom", custom: {} }] },
      { tools: weatherTool },
    ]),
  },
  {
    id: "REQ-38",
    level: "MUST",
    requirement: "A function may lack `parameters`, have `strict: null`, and carry `$schema` within its parameters.",
    source: "OpenAI's document: FunctionObject; the SDK's zodFunction() sends `$schema` and `strict: true`",
    needs: ["tools"],
    limitMs: 30_000,
    run: accepts([
      { tools: [{ type: "function", function: { name: "get_time" } }] },
      { tools: [{ type: "function", function: { ...weatherTool.function, strict: null } }] },
      { tools: [{ type: "function", function: { name: "get_time", parameters: {} } }] },
      {
        tools: [
          {
            type: "function",
            function: {
              name: "get_weather",
              strict: true,
              parameters: {
                ...schema,
                additionalProperties: false,
                $schema: "http://json-schema.org/draft-07/schema#",
              },
            },
          },
        ],
      },
    ]),
  },
  {
    id: "REQ-39",
    level: "MUST",
    requirement:
      "`tool_choice` is `none`, `auto`, `required`, a named function, a named custom tool or `allowed_tools`; another value is refused with 400.",
    source: "OpenAI's document: ChatCompletionToolChoiceOption",
    needs: ["tools"],
    limitMs: 45_000,
    async run(context) {
      await refuses([
        { tools, tool_choice: "sometimes" },
        { tools, tool_choice: { type: "magic" } },
        { tools, tool_choice: 1 },
      ])(context);
      const choices: unknown[] = ["none", "auto", "required", weatherChoice];
      // What a fixture is told to say could be no call, which a server that holds to `required` may not give on.
      const messages = [{ role: "user", content: "What is the weather in Oslo? Note it." }];
      await accepts(choices.map((choice) => ({ messages, tools, tool_choice: choice })))(context);
      if (context.has("custom")) {
        const choice = { type: "custom", custom: { name: "note" } };
        await accepts([{ messages, tools: [custom], tool_choice: choice }])(context);
      }
      const allowed = { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [weatherChoice] } };
      const answer = await ask(context, { tools, tool_choice: allowed });
      if (isNotOffered(answer, "tool_choice")) context.note(`allowed_tools is not offered: ${describe(answer)}`);
      else expectAccepted(answer, show(allowed));
    },
  },
  {
    id: "REQ-40",
    level: "SHOULD",
    requirement: "`tool_choice` that names a tool which was not given is refused with 400 that names `tool_choice`.",
    source: "OpenAI's service refuses it; without a check the model is forced to call something that does not exist",
    needs: ["tools"],
    run: refuses([{ tools, tool_choice: { type: "function", function: { name: "get_time" } } }], "tool_choice"),
  },
  {
    id: "REQ-41",
    level: "SHOULD",
    requirement:
      "Without `tools`, a `tool_choice` that forces a call is refused with 400; `none` and `auto` may be ignored.",
    source: "OpenAI's service: `tool_choice` is only allowed when `tools` are specified",
    needs: ["tools"],
    limitMs: 20_000,
    async run(context) {
      await refuses([{ tool_choice: "required" }, { tool_choice: weatherChoice }], "tool_choice")(context);
      for (const choice of ["none", "auto"]) {
        const answer = await ask(context, { tool_choice: choice });
        if (answer.status === 200) expectAccepted(answer, `tool_choice: ${choice}`);
        else expectRefused(answer, `tool_choice: ${choice}`, "tool_choice");
        context.note(`without tools, \`${choice}\` is ${answer.status === 200 ? "ignored" : "refused"}`);
      }
    },
  },
  {
    id: "REQ-42",
    level: "MUST",
    requirement:
      "The legacy `functions` with `function_call` give `message.function_call`, or 400 that names one of the two; they are never ignored.",
    source: "OpenAI's document: CreateChatCompletionRequest.functions (1 to 128, deprecated), .function_call",
    limitMs: 20_000,
    async run(context) {
      const content = "What is the weather in Oslo?";
      const fields = { functions: [legacy], function_call: { name: "get_weather" } };
      const answer = await ask(context, { messages: [{ role: "user", content }], ...fields });
      if (answer.status === 400) {
        expectRefused(answer, show(fields));
        const param = String(toError(answer)?.["param"]);
        expectThat(/^function(s|_call)\b/.test(param), "error.param to name functions or function_call", param);
        return context.note("the legacy functions are refused");
      }
      expectAccepted(answer, show(fields));
      const call = toMessage(answer)?.["function_call"];
      expectObject(call, "message.function_call of a forced call");
      expectEqual(call["name"], "get_weather", "function_call.name");
      expectText(call["arguments"], "function_call.arguments");
    },
  },
]);
