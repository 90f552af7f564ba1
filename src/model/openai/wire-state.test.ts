import { describe, expect, it, test } from "vitest";
import type { AssistantMessage } from "../../base/contract.ts";
import type { OwnedMessage, StateField } from "../../base/model-state.ts";
import { toModelQuirks, toQuirks } from "./quirks.ts";
import { toWireMessages } from "./wire-request.ts";
import { listDroppedFields, toWireState } from "./wire-state.ts";

const call = { id: "c1", type: "function", function: { name: "go", arguments: "{}" } } as const;
const details = [{ type: "reasoning.text", text: "hm", signature: "c2k=" }];
const extra = { google: { thought_signature: "c2k=" } };
const told: AssistantMessage = {
  role: "assistant",
  content: null,
  reasoning_content: "hm",
  reasoning_details: details,
  extra_content: extra,
  tool_calls: [{ ...call, extra_content: extra }],
};

function send(message: AssistantMessage, url: string, model = "m"): object | undefined {
  return toWireMessages([message], toModelQuirks(toQuirks(url, {}), model))[0];
}

describe("what a client tells without saying whose it is", () => {
  const bare = { role: "assistant", content: null, tool_calls: [call] };
  it.each<[server: string, want: object]>([
    ["http://127.0.0.1:8000/v1", told],
    ["https://api.openai.com/v1", bare],
    ["https://api.mistral.ai/v1", bare],
    ["https://x.openai.azure.com/openai/v1", bare],
    ["https://api.deepseek.com/v1", { ...bare, reasoning_content: "hm" }],
    ["https://api.moonshot.ai/v1", { ...bare, reasoning_content: "hm" }],
    ["https://api.groq.com/openai/v1", { ...bare, reasoning: "hm" }],
    ["https://openrouter.ai/api/v1", { ...bare, reasoning: "hm", reasoning_details: details }],
    [
      "https://generativelanguage.googleapis.com/v1beta/openai",
      { ...bare, extra_content: extra, tool_calls: told.tool_calls },
    ],
  ])("goes to %s as far as it knows it", (url, want) => {
    expect(send(told, url)).toEqual(want);
  });
});

test("whatever a server gave itself goes back to it", () => {
  const own: OwnedMessage = { ...told, stateOf: "azure/deepseek" };
  expect(send(own, "https://x.services.ai.azure.com/openai/v1")).toEqual(told);
});

describe("an answer that another model gave", () => {
  const foreign: AssistantMessage = { role: "assistant", content: null, tool_calls: [call, { ...call, id: "c2" }] };

  it.each(["https://api.deepseek.com/v1", "https://api.moonshot.cn/v1"])("has a blank reasoning for %s", (url) => {
    expect(send(foreign, url)).toEqual({ ...foreign, reasoning_content: " " });
  });

  it("has at its first call the signature that Gemini takes for any", () => {
    const url = "https://generativelanguage.googleapis.com/v1beta/openai";
    const any = { google: { thought_signature: "skip_thought_signature_validator" } };
    const want = {
      ...foreign,
      tool_calls: [
        { ...call, extra_content: any },
        { ...call, id: "c2" },
      ],
    };
    expect(send(foreign, url, "gemini-3-pro-preview")).toEqual(want);
    expect(send(foreign, url, "gemini-2.5-flash")).toEqual(foreign);
  });
});

const asked: readonly StateField[] = ["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"];

test.each<[baseUrl: string, gives: readonly StateField[]]>([
  ["https://api.openai.com/v1", []],
  ["https://api.mistral.ai/v1", []],
  ["https://generativelanguage.googleapis.com/v1beta/openai", []],
  ["https://api.deepseek.com", ["reasoning_content", "reasoning"]],
  ["https://api.groq.com/openai/v1", ["reasoning_content", "reasoning"]],
  ["https://openrouter.ai/api/v1", ["reasoning_content", "reasoning", "reasoning_details"]],
  ["http://127.0.0.1:11434/v1", asked],
])(
  "of reasoning that nobody owns, the server at %s is given %j, and the rest is said to be dropped",
  (baseUrl, gives) => {
    const quirks = toModelQuirks(toQuirks(baseUrl, {}), "m");
    const given = asked.filter((field) => {
      const message = { role: "assistant", content: "a", [field]: field.startsWith("reasoning_d") ? [{}] : "b" };
      const { reasoning_content: text, ...others } = toWireState(message as AssistantMessage, quirks);
      // What a server wants where there is none.
      return Object.keys(others).length > 0 || (text !== undefined && text !== " ");
    });
    expect(given).toEqual(gives);
    expect(listDroppedFields(quirks)).toEqual(asked.filter((field) => !gives.includes(field)));
  },
);
