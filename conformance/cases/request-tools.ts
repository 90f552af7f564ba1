import { defineCases } from "../case.ts";
import { expectEqual, expectObject, expectText, expectThat, isObject, show } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { type Body, editBody, refuse } from "../self-test/edits/requests.ts";
import { expectRefusedInWords } from "./error-words.ts";
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

const nameForm = /^[\w-]{1,64}$/;

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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "tools-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "tools-parameters-required",
        what: "A function without `parameters` is refused.",
        call: editBody((body) =>
          toFunctions(body).some((one) => nameForm.test(String(one["name"])) && !("parameters" in one))
            ? refuse(400, { message: "Field required", param: "tools[0].function.parameters" })
            : undefined,
        ),
      },
      {
        id: "tools-names-unread",
        what: "Any text is the name of a function or a schema.",
        call: editBody((body) =>
          /bad name!/.test(JSON.stringify(body)) ? without(body, "tools", "response_format") : undefined,
        ),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "tools-ignored",
        what: "Tools and their choice are ignored in silence: the model answers in words (monoes/monomind#243).",
        call: editBody((body) => without(body, "tools", "tool_choice")),
      },
      {
        id: "tools-broken-dropped",
        what: "A tool of another type or without a name is dropped.",
        call: editBody((body) => {
          if (!("tools" in body)) return undefined;
          const whole = toTools(body).filter(isWhole);
          return whole.length > 0 ? { ...body, tools: whole } : without(body, "tools");
        }),
      },
    ],
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
    finds: ["tools-parameters-required"],
    faults: [
      {
        id: "tools-strict-null-refused",
        what: "`strict: null` in a function is refused.",
        call: editBody((body) =>
          toFunctions(body).some(({ strict }) => strict === null)
            ? refuse(400, { param: "tools[0].function.strict" })
            : undefined,
        ),
      },
      {
        id: "tools-schema-keyword-refused",
        what: "`$schema` within parameters, which zodFunction() sends, is refused.",
        call: editBody((body) =>
          toFunctions(body).some(({ parameters }) => isObject(parameters) && "$schema" in parameters)
            ? refuse(400, { message: "Unknown keyword: $schema", param: "tools[0].function.parameters" })
            : undefined,
        ),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "tools-ignored",
      "robust-type-error-500",
    ],
    faults: [
      {
        id: "choice-required-refused",
        what: '`tool_choice: "required"` is refused, as vLLM did for long.',
        call: editBody((body) =>
          body["tool_choice"] === "required" && "tools" in body ? refuse(400, { param: "tool_choice" }) : undefined,
        ),
      },
      {
        id: "choice-unknown-is-auto",
        what: "A `tool_choice` that means nothing is taken for `auto`.",
        call: editBody((body) => {
          const { tool_choice: choice } = body;
          const type = isObject(choice) ? choice["type"] : choice;
          return /^(none|auto|required|function|custom|allowed_tools)$/.test(String(type))
            ? undefined
            : without(body, "tool_choice");
        }),
      },
    ],
    async run(context) {
      for (const wrong of ["sometimes", { type: "magic" }, 1]) {
        const fields = { tools, tool_choice: wrong };
        expectRefusedInWords(await ask(context, fields, { limitMs: 5000 }), [400], show(fields));
      }
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "tools-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "choice-of-nobody",
        what: "A choice of a tool that was not given is ignored.",
        call: editBody((body) => {
          const { tool_choice: choice } = body;
          const chosen = isObject(choice) && isObject(choice["function"]) ? choice["function"]["name"] : undefined;
          const isGiven = chosen === undefined || toFunctions(body).some(({ name }) => name === chosen);
          return isGiven ? undefined : without(body, "tool_choice");
        }),
      },
    ],
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
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "tools-ignored",
      "choice-of-nobody",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "choice-without-tools",
        what: "A forced call without tools is ignored.",
        call: editBody((body) => ("tools" in body ? undefined : without(body, "tool_choice"))),
      },
    ],
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
    faults: [
      {
        id: "functions-ignored",
        what: "The legacy `functions` are ignored in silence.",
        call: editBody((body) => without(body, "functions", "function_call")),
      },
      {
        id: "functions-as-tools",
        what: "The legacy `functions` are answered with `tool_calls`, which such clients do not read.",
        call: editBody((body) => {
          const { functions } = body;
          if (!Array.isArray(functions) || functions.length !== 1) return undefined;
          const made = functions.map((one: unknown) => ({ type: "function", function: one }));
          return { ...without(body, "functions", "function_call"), tools: made, tool_choice: "required" };
        }),
      },
    ],
    async run(context) {
      const content = "What is the weather in Oslo?";
      const fields = { functions: [legacy], function_call: { name: "get_weather" } };
      const answer = await ask(context, { messages: [{ role: "user", content }], ...fields });
      if (answer.status === 400) {
        const words = expectRefusedInWords(answer, [400], show(fields));
        const named = `${String(toError(answer)?.["param"])} ${words}`;
        expectThat(/\bfunction(s|_call)\b/.test(named), "the error to name functions or function_call", named);
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

/** Whether the tool can be used at all. */
function isWhole(tool: Body): boolean {
  const declared = tool["type"] === "custom" ? tool["custom"] : tool["function"];
  return /^(function|custom)$/.test(String(tool["type"])) && isObject(declared) && typeof declared["name"] === "string";
}

function toTools({ tools: given }: Body): Body[] {
  return Array.isArray(given) ? given.filter(isObject) : [];
}

function toFunctions(body: Body): Body[] {
  return toTools(body)
    .map((tool) => tool["function"])
    .filter(isObject);
}
