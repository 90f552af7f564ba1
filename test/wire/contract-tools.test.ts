import { expect } from "vitest";
import { expectVerdicts, type Row } from "./contract-verdict.fixture.ts";
import { test } from "../gateway.fixture.ts";

/** A function tool, its definition changed by this. */
function fn(definition: object = {}): { type: "function"; function: object } {
  return { type: "function", function: { name: "f", ...definition } };
}

function custom(definition: object = {}): object {
  return { type: "custom", custom: { name: "c", ...definition } };
}

function named(name: string): object {
  return { type: "function", function: { name } };
}

const tool = "tools[0].function";
const grammar = { type: "grammar", grammar: { definition: "a+", syntax: "regex" } };

const tools: readonly Row[] = [
  ["a choice of megabytes", { tools: [fn()], tool_choice: named("n".repeat(2e6)) }, "invalid_value", "tool_choice"],
  ["none", { tools: [] }],
  ["128", { tools: Array.from({ length: 128 }, (_, at) => named(`f${at}`)) }],
  ["129", { tools: Array.from({ length: 129 }, (_, at) => named(`f${at}`)) }, "array_above_max_length", "tools"],
  ["null", { tools: null }],
  ["no list", { tools: fn() }, "invalid_type", "tools"],
  ["a text", { tools: ["f"] }, "invalid_type", "tools[0]"],
  ["no type", { tools: [{ function: { name: "f" } }] }, "missing_required_parameter", "tools[0].type"],
  ["an unknown type", { tools: [fn(), { type: "browser" }] }, "invalid_value", "tools[1].type"],
  ["no function", { tools: [{ type: "function" }] }, "missing_required_parameter", tool],
  ["no name", { tools: [fn({ name: undefined })] }, "missing_required_parameter", `${tool}.name`],
  ["a name of 64", { tools: [named("n".repeat(64))] }],
  ["a name of 65", { tools: [named("n".repeat(65))] }, "string_above_max_length", `${tool}.name`],
  ["an empty name", { tools: [named("")] }, "empty_string", `${tool}.name`],
  ["a name with a space", { tools: [named("bad name")] }, "invalid_value", `${tool}.name`],
  ["a name with a line end", { tools: [named("bad\n")] }, "invalid_value", `${tool}.name`],
  ["a name of JavaScript", { tools: [named("__proto__"), named("constructor")] }],
  ["twins", { tools: [fn(), custom(), fn()] }, "invalid_value", "tools[2].function.name"],
  ["twins of two types", { tools: [fn(), custom({ name: "f" })] }, "invalid_value", "tools[1].custom.name"],
  ["strict null", { tools: [fn({ strict: null, description: "d" })] }],
  ["strict text", { tools: [fn({ strict: "true" })] }, "invalid_type", `${tool}.strict`],
  [
    "what zod makes",
    { tools: [fn({ parameters: { $schema: "x", type: "object", $defs: { a: true }, additionalProperties: false } })] },
  ],
  ["parameters null", { tools: [fn({ parameters: null })] }],
  [
    "an unknown schema type",
    { tools: [fn({ parameters: { type: "any" } })] },
    "invalid_value",
    `${tool}.parameters.type`,
  ],
  ["an evil pattern", { tools: [fn({ parameters: { type: "string", pattern: "(a+)+$" } })] }],
  ["a custom tool", { tools: [custom({ format: { type: "text" } }), custom({ name: "d", format: grammar })] }],
  [
    "a custom tool without a name",
    { tools: [{ type: "custom", custom: {} }] },
    "missing_required_parameter",
    "tools[0].custom.name",
  ],
  ["an unknown format", { tools: [custom({ format: { type: "x" } })] }, "invalid_value", "tools[0].custom.format.type"],
  [
    "a grammar without a definition",
    { tools: [custom({ format: { type: "grammar" } })] },
    "missing_required_parameter",
    "tools[0].custom.format.grammar",
  ],
];

const both = [fn(), custom()];
const allow = (mode: string, ...list: unknown[]): object => ({
  type: "allowed_tools",
  allowed_tools: { mode, tools: list },
});

const choices: readonly Row[] = [
  ...["none", "auto", "required"].map((choice): Row => [choice, { tools: both, tool_choice: choice }]),
  ["another text", { tools: both, tool_choice: "any" }, "invalid_value", "tool_choice"],
  ["null", { tools: both, tool_choice: null }],
  ["a function", { tools: both, tool_choice: named("f") }],
  ["a custom tool", { tools: both, tool_choice: { type: "custom", custom: { name: "c" } } }],
  ["allowed tools", { tools: both, tool_choice: allow("auto", named("f")) }],
  [
    "allowed tools in the flat form of the Responses API",
    { tools: both, tool_choice: allow("required", { type: "function", name: "f" }) },
    "invalid_value",
    "tool_choice",
  ],
  ["a function that is not there", { tools: both, tool_choice: named("g") }, "invalid_value", "tool_choice"],
  ["a custom tool by the other type", { tools: both, tool_choice: named("c") }, "invalid_value", "tool_choice"],
  [
    "an allowed tool that is not there",
    { tools: both, tool_choice: allow("auto", named("g")) },
    "invalid_value",
    "tool_choice",
  ],
  ["an unknown mode", { tools: both, tool_choice: allow("x") }, "invalid_value", "tool_choice.allowed_tools.mode"],
  [
    "no name",
    { tools: both, tool_choice: { type: "function", function: {} } },
    "missing_required_parameter",
    "tool_choice.function.name",
  ],
  ["required without tools", { tool_choice: "required" }, "invalid_value", "tool_choice"],
  ["required with no tools", { tools: [], tool_choice: "required" }, "invalid_value", "tool_choice"],
  ["a function without tools", { tool_choice: named("f") }, "invalid_value", "tool_choice"],
  ["none without tools", { tool_choice: "none" }],
  ["auto without tools", { tool_choice: "auto" }],
  ["parallel that is a text", { tools: both, parallel_tool_calls: "no" }, "invalid_type", "parallel_tool_calls"],
];

/** The text branch of these unions must not speak for the object branch. */
const nearly: readonly Row[] = [
  ["a choice without a type", { tools: both, tool_choice: {} }, "missing_required_parameter", "tool_choice.type"],
  ["a choice of an unknown type", { tools: both, tool_choice: { type: "x" } }, "invalid_value", "tool_choice.type"],
  [
    "a choice of nothing",
    { tools: both, tool_choice: { type: "function" } },
    "missing_required_parameter",
    "tool_choice.function",
  ],
  [
    "a legacy choice of nothing",
    { functions: [{ name: "f" }], function_call: {} },
    "missing_required_parameter",
    "function_call.name",
  ],
];

const legacy: readonly Row[] = [
  ["functions", { functions: [{ name: "f" }], function_call: "auto" }],
  ["one by name", { functions: [{ name: "f" }], function_call: { name: "f" } }],
  ["no functions", { functions: [] }, "empty_array", "functions"],
  [
    "129 functions",
    { functions: Array.from({ length: 129 }, (_, at) => ({ name: `f${at}` })) },
    "array_above_max_length",
    "functions",
  ],
  ["functions beside tools", { functions: [{ name: "f" }], tools: both }, "invalid_value", "functions"],
  ["a bad name", { functions: [{ name: "f" }, { name: "a b" }] }, "invalid_value", "functions[1].name"],
  [
    "one that is not there",
    { functions: [{ name: "f" }], function_call: { name: "g" } },
    "invalid_value",
    "function_call",
  ],
  ["a call without functions", { function_call: { name: "f" } }, "invalid_value", "function_call"],
  ["required", { functions: [{ name: "f" }], function_call: "required" }, "invalid_value", "function_call"],
];

test.for<[what: string, rows: readonly Row[]]>([
  ["the tools", tools],
  ["the choices of a tool", choices],
  ["the objects that lack something", nearly],
  ["the legacy functions", legacy],
])("%s are read, or refused by their code and their place", async ([, rows], { gateway }) => {
  await expectVerdicts(gateway, rows);
});

test("a legacy call is answered in its own form", async ({ gateway }) => {
  const { chat } = gateway;
  const body = {
    model: "openclaw",
    functions: [{ name: "f" }],
    messages: [{ role: "user", content: '@@tool f {"a":1}' }],
  };
  const {
    choices: [choice],
  } = (await (await chat(body)).json()) as { choices: object[] };
  expect(choice).toMatchObject({
    finish_reason: "function_call",
    message: { function_call: { name: "f", arguments: '{"a":1}' } },
  });
  expect(choice).not.toHaveProperty("message.tool_calls");
});
