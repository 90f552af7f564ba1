import { defineCases } from "../case.ts";
import { isObject } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { type Body, editBody, refuse, toFunctions, toTools } from "../self-test/edits/requests.ts";
import { accepts, refuses } from "./request-check.ts";
import { weatherTool } from "./request-history.ts";

const nameForm = /^[\w-]{1,64}$/;
const nameMax = 64;

const schema = weatherTool.function.parameters;

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
]);

/** Whether the tool can be used at all. */
function isWhole(tool: Body): boolean {
  const declared = tool["type"] === "custom" ? tool["custom"] : tool["function"];
  return /^(function|custom)$/.test(String(tool["type"])) && isObject(declared) && typeof declared["name"] === "string";
}
