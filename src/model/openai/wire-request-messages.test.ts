import { describe, expect, it } from "vitest";
import type { Message } from "../../base/contract.ts";
import { toModelQuirks, toQuirks } from "./quirks.ts";
import { toWireMessages } from "./wire-request.ts";

const openai = toModelQuirks(toQuirks("https://api.openai.com/v1", {}), "m");
const local = toModelQuirks(toQuirks("http://127.0.0.1:8000/v1", {}), "m");
/** What SDKs and stores add; the types do not know all of it. */
const replayed = (message: object): Message => message as Message;

const call = { id: "call_1", type: "function", function: { name: "go", arguments: "{}" } } as const;

describe("what is replayed", () => {
  it.each<[what: string, given: Message, want: object]>([
    ["a user", replayed({ role: "user", content: "Hi", origin: "x" }), { role: "user", content: "Hi" }],
    ["a user's name", { role: "user", content: "Hi", name: "Ann" }, { role: "user", content: "Hi", name: "Ann" }],
    [
      "a user's parts",
      { role: "user", content: [{ type: "text", text: "Hi" }] },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ],
    [
      "an answer",
      replayed({
        role: "assistant",
        content: "Hi",
        refusal: null,
        annotations: [],
        audio: null,
        parsed: { x: 1 },
        tool_calls: null,
        function_call: null,
        origin: { id: 1 },
      }),
      { role: "assistant", content: "Hi" },
    ],
    ["an answer without content", { role: "assistant" }, { role: "assistant", content: "" }],
    [
      "an empty list of calls",
      { role: "assistant", content: null, tool_calls: [] },
      { role: "assistant", content: "" },
    ],
    [
      "a refusal",
      { role: "assistant", content: null, refusal: "No." },
      { role: "assistant", content: null, refusal: "No." },
    ],
    [
      "an assistant's name",
      { role: "assistant", content: "Hi", name: "Bo" },
      { role: "assistant", content: "Hi", name: "Bo" },
    ],
    [
      "a call",
      replayed({
        role: "assistant",
        content: null,
        tool_calls: [{ ...call, index: 0, function: { ...call.function, parsed_arguments: {} } }],
      }),
      { role: "assistant", content: null, tool_calls: [call] },
    ],
    [
      "a custom call",
      replayed({
        role: "assistant",
        tool_calls: [{ id: "c", type: "custom", custom: { name: "grep", input: "x", more: 1 } }],
      }),
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "c", type: "custom", custom: { name: "grep", input: "x" } }],
      },
    ],
    [
      "a result",
      replayed({ role: "tool", tool_call_id: "call_1", content: "ok", name: "go", origin: 1 }),
      { role: "tool", tool_call_id: "call_1", content: "ok" },
    ],
  ])("goes on without the keys that strict servers refuse: %s", (_, given, want) => {
    for (const quirks of [openai, local]) expect(toWireMessages([given], quirks)).toEqual([want]);
  });
});

describe("legacy function calls", () => {
  const conversation: Message[] = [
    { role: "user", content: "Hi" },
    { role: "assistant", content: null, function_call: { name: "go", arguments: "{}" } },
    { role: "function", name: "go", content: "ok" },
    { role: "assistant", content: "and", function_call: { name: "stay", arguments: '{"x":1}' } },
    { role: "function", name: "stay", content: null },
  ];

  it("stay what they are where OpenAI reads them", () => {
    expect(toWireMessages(conversation, openai)).toEqual(conversation);
  });

  it("become tool calls with their results anywhere else", () => {
    const toCall = (number: number, name: string, text: string): object => ({
      id: `call_function_${number}`,
      type: "function",
      function: { name, arguments: text },
    });
    expect(toWireMessages(conversation, local)).toEqual([
      { role: "user", content: "Hi" },
      { role: "assistant", content: null, tool_calls: [toCall(1, "go", "{}")] },
      { role: "tool", tool_call_id: "call_function_1", content: "ok" },
      { role: "assistant", content: "and", tool_calls: [toCall(2, "stay", '{"x":1}')] },
      { role: "tool", tool_call_id: "call_function_2", content: "" },
    ]);
  });
});

describe("instructions", () => {
  const conversation: Message[] = [
    { role: "system", content: "Be brief." },
    {
      role: "developer",
      content: [
        { type: "text", text: "Be " },
        { type: "text", text: "kind." },
      ],
    },
    { role: "user", content: "Hi" },
    { role: "system", content: "Be quick.", name: "ops" },
    { role: "user", content: "Ho" },
  ];

  it("stay where they are at OpenAI", () => {
    expect(toWireMessages(conversation, openai)).toEqual(conversation);
  });

  it("become one system message at the beginning anywhere else", () => {
    expect(toWireMessages(conversation, local)).toEqual([
      { role: "system", content: "Be brief.\n\nBe kind.\n\nBe quick." },
      { role: "user", content: "Hi" },
      { role: "user", content: "Ho" },
    ]);
  });

  it("are not made up", () => {
    const plain: Message[] = [{ role: "user", content: "Hi" }];
    expect(toWireMessages(plain, local)).toEqual(plain);
  });
});
