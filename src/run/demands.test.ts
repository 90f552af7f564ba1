import { describe, expect, test } from "vitest";
import type { Message, Tool } from "../base/contract.ts";
import type { ModelSettings } from "../base/settings.ts";
import type { Capabilities } from "../model/model.ts";
import { findUnmet, toNeeds } from "./demands.ts";
import { everything, tool } from "./model.fixture.ts";

const nothing: Capabilities = { input: new Set(), tools: new Set(), responseFormats: new Set(), logprobs: false };
const hello: Message = { role: "user", content: "hello" };
const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } } as const;
const audio = { type: "input_audio", input_audio: { data: "AA==", format: "wav" } } as const;
const file = { type: "file", file: { file_id: "file-1" } } as const;
const words = { type: "text", text: "look" } as const;
const showing = (...content: Extract<Message, { role: "user" }>["content"][]): Message[] =>
  content.map((one) => ({ role: "user", content: one }));

interface Row {
  readonly name: string;
  readonly sent?: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly settings?: ModelSettings;
  /** What is refused by a model that can do nothing; none if it need do nothing. */
  readonly param?: string;
  /** What it must be able to do. */
  readonly able?: Partial<Capabilities>;
}

const rows: readonly Row[] = [
  { name: "a text" },
  { name: "text parts", sent: showing([words, words]) },
  { name: "a response format, which the agent may see to", settings: { response_format: { type: "json_object" } } },
  { name: "logprobs that are not wanted", settings: { logprobs: false, top_logprobs: 0 } },
  {
    name: "an image",
    sent: [hello, ...showing([words, image])],
    param: "messages[1].content[1]",
    able: { input: new Set(["image"]) },
  },
  { name: "audio", sent: showing([audio]), param: "messages[0].content[0]", able: { input: new Set(["audio"]) } },
  { name: "a file", sent: showing([file]), param: "messages[0].content[0]", able: { input: new Set(["file"]) } },
  { name: "a function", tools: [tool("look")], param: "tools", able: { tools: new Set(["function"]) } },
  {
    name: "a custom tool",
    tools: [tool("look"), { type: "custom", custom: { name: "shell" } }],
    param: "tools[1].type",
    able: { tools: new Set(["function", "custom"]) },
  },
  { name: "logprobs", settings: { logprobs: true }, param: "logprobs", able: { logprobs: true } },
  { name: "top_logprobs", settings: { top_logprobs: 2 }, param: "top_logprobs", able: { logprobs: true } },
];

describe("a model", () => {
  test.each(rows)(
    "that cannot is told what asks for it: $name",
    ({ sent = [hello], tools = [], settings = {}, param, able }) => {
      const needs = toNeeds({ sent, history: sent, tools, settings });
      const check = (capabilities: Capabilities) => findUnmet(needs, capabilities);
      if (param === undefined) expect(check(nothing)).toBeUndefined();
      else expect(check(nothing)).toMatchObject({ code: "unsupported_value", param, status: 400 });
      expect(check({ ...nothing, ...able })).toBeUndefined();
      expect(check(everything)).toBeUndefined();
    },
  );

  test("that cannot read what the session remembers is told of `messages`", () => {
    const needs = toNeeds({ sent: [hello], history: [...showing([image]), hello], tools: [], settings: {} });
    expect(findUnmet(needs, nothing)).toMatchObject({ param: "messages" });
  });

  test("need not read what the conversation has left behind", () => {
    const needs = toNeeds({ sent: [...showing([image]), hello], history: [hello], tools: [], settings: {} });
    expect(findUnmet(needs, nothing)).toBeUndefined();
  });

  test("that can do the one and not the other is refused for the other", () => {
    const sent = showing([image, audio]);
    const needs = toNeeds({ sent, history: sent, tools: [], settings: {} });
    const able = { ...nothing, input: new Set(["image"] as const) };
    expect(findUnmet(needs, able)).toMatchObject({ param: "messages[0].content[1]" });
  });
});
