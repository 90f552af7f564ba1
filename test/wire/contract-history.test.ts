import { expect } from "vitest";
import { expectVerdicts, type Row } from "./contract-verdict.fixture.ts";
import { test } from "../gateway.fixture.ts";

const hi = { role: "user", content: "hi" };
const text = { type: "text", text: "hi" };
const image = { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } };
const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } };
const custom = { id: "call_2", type: "custom", custom: { name: "c", input: "x" } };
const called = { role: "assistant", content: null, tool_calls: [call] };
const result = { role: "tool", tool_call_id: "call_1", content: "1" };

function history(...messages: unknown[]): object {
  return { messages: [hi, ...messages] };
}

function said(fields: object): object {
  return history({ role: "assistant", ...fields }, hi);
}

function calling(fields: object): object {
  return said({ tool_calls: [{ ...call, ...fields }] });
}

const content = "messages[1].content";
const calls = "messages[1].tool_calls";

const assistants: readonly Row[] = [
  ["a text", said({ content: "a" })],
  ["an empty text", said({ content: "" })],
  ["parts", said({ content: [text, { type: "refusal", refusal: "no" }] })],
  ["nothing", said({})],
  ["null", said({ content: null })],
  ["no parts", said({ content: [] }), "empty_array", content],
  ["an image", said({ content: [image] }), "invalid_value", `${content}[0].type`],
  ["a number", said({ content: 1 }), "invalid_type", content],
  ["a call", history(called, result)],
  ["a call and no content", history({ role: "assistant", tool_calls: [call] }, result)],
  ["a call of a custom tool", history({ ...called, tool_calls: [custom] }, { ...result, tool_call_id: "call_2" })],
  ["two calls", history({ ...called, tool_calls: [call, custom] }, { ...result, tool_call_id: "call_2" }, result)],
  ["an empty list of calls", said({ content: "a", tool_calls: [] })],
  [
    "what SDKs replay",
    said({ content: "a", refusal: null, annotations: [], audio: null, function_call: null, parsed: null }),
  ],
  ["parsed arguments", history({ ...called, tool_calls: [{ ...call, parsed_arguments: {} }] }, result)],
  ["the fields of others", said({ content: "a", reasoning_content: "b", _db_id: 1 })],
  ["a refusal that is a number", said({ refusal: 1 }), "invalid_type", "messages[1].refusal"],
  ["audio without an id", said({ audio: {} }), "missing_required_parameter", "messages[1].audio.id"],
  ["calls that are no list", said({ tool_calls: call }), "invalid_type", calls],
  ["calls that are null", said({ content: "a", tool_calls: null })],
  ["a call without an id", calling({ id: undefined }), "missing_required_parameter", `${calls}[0].id`],
  ["a call with an empty id", calling({ id: "" }), "empty_string", `${calls}[0].id`],
  ["a call without a type", calling({ type: undefined }), "missing_required_parameter", `${calls}[0].type`],
  ["a call of an unknown type", calling({ type: "x" }), "invalid_value", `${calls}[0].type`],
  ["a call of the other type", calling({ type: "custom" }), "missing_required_parameter", `${calls}[0].custom`],
  [
    "a call without a name",
    calling({ function: { arguments: "" } }),
    "missing_required_parameter",
    `${calls}[0].function.name`,
  ],
  [
    "arguments that are no text",
    calling({ function: { name: "f", arguments: {} } }),
    "invalid_type",
    `${calls}[0].function.arguments`,
  ],
  [
    "arguments that are no JSON",
    history({ ...called, tool_calls: [{ ...call, function: { name: "f", arguments: "{" } }] }, result),
  ],
  [
    "a legacy call",
    history(
      { role: "assistant", content: null, function_call: call.function },
      { role: "function", name: "f", content: "1" },
    ),
  ],
  [
    "a legacy call without arguments",
    said({ function_call: { name: "f" } }),
    "missing_required_parameter",
    "messages[1].function_call.arguments",
  ],
];

const results: readonly Row[] = [
  ["in parts", history(called, { ...result, content: [text] })],
  ["empty", history(called, { ...result, content: "" })],
  ["twice", history(called, result, result)],
  [
    "without the id of its call",
    history(called, { ...result, tool_call_id: undefined }),
    "missing_required_parameter",
    "messages[2].tool_call_id",
  ],
  ["with an empty id", history(called, { ...result, tool_call_id: "" }), "empty_string", "messages[2].tool_call_id"],
  [
    "with an id that is a number",
    history(called, { ...result, tool_call_id: 1 }),
    "invalid_type",
    "messages[2].tool_call_id",
  ],
  [
    "of a call that never was",
    history({ ...result, tool_call_id: "call_9" }),
    "invalid_value",
    "messages[1].tool_call_id",
  ],
  ["before its call", history(result, called), "invalid_value", "messages[1].tool_call_id"],
  ["with null", history(called, { ...result, content: null }), "invalid_type", "messages[2].content"],
  [
    "without content",
    history(called, { ...result, content: undefined }),
    "missing_required_parameter",
    "messages[2].content",
  ],
  ["with no parts", history(called, { ...result, content: [] }), "empty_array", "messages[2].content"],
  ["of a legacy call, with null", history({ role: "function", name: "f", content: null })],
  [
    "of a legacy call, without a name",
    history({ role: "function", content: "1" }),
    "missing_required_parameter",
    "messages[1].name",
  ],
  [
    "of a legacy call, in parts",
    history({ role: "function", name: "f", content: [text] }),
    "invalid_type",
    "messages[1].content",
  ],
];

test.for<[what: string, rows: readonly Row[]]>([
  ["what an assistant said", assistants],
  ["the result of a call", results],
])("%s is read, or refused by its code and its place", async ([, rows], { gateway }) => {
  await expectVerdicts(gateway, rows);
});

test("text in parts says the same as the text", async ({ gateway }) => {
  const { chat } = gateway;
  const ask = async (said_: unknown): Promise<unknown> => {
    const roles = ["system", "developer", "user", "assistant"].map((role) => ({ role, content: said_ }));
    const messages = [...roles, called, { ...result, content: said_ }, { role: "user", content: "@@length\nx" }];
    const response = await chat({ model: "openclaw", messages });
    return ((await response.json()) as { usage: object }).usage;
  };
  expect(await ask([{ type: "text", text: "one two three" }])).toEqual(await ask("one two three"));
  expect(await ask("one two three")).not.toEqual(await ask("one two three four"));
});
