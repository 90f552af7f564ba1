import { describe, expect, it } from "vitest";
import type { ModelRequest } from "../model.ts";
import { toModelQuirks, toQuirks } from "./quirks.ts";
import { toWireRequest } from "./wire-request.ts";

const request: ModelRequest = {
  model: "m",
  agentId: "main",
  messages: [{ role: "user", content: "Hi" }],
  tools: [],
  settings: {},
};
const openai = toModelQuirks(toQuirks("https://api.openai.com/v1", {}), "m");
const plain = { model: "m", messages: [{ role: "user", content: "Hi" }] };
const streamed = { ...plain, stream: true, stream_options: { include_usage: true } };
const tool = { type: "function", function: { name: "go", parameters: {} } } as const;

describe("toWireRequest", () => {
  it.each<[what: string, given: Partial<ModelRequest>, compat: Parameters<typeof toQuirks>[1], want: object]>([
    ["a plain call, without the agent", {}, {}, streamed],
    ["no usage in the stream", {}, { supportsUsageInStreaming: false }, { ...plain, stream: true }],
    ["no stream", {}, { supportsStreaming: false }, plain],
    ["neither", {}, { supportsStreaming: false, supportsUsageInStreaming: false }, plain],
    ["tools", { tools: [tool] }, {}, { ...streamed, tools: [tool] }],
    ["a cap", { settings: { max_completion_tokens: 5 } }, {}, { ...streamed, max_completion_tokens: 5 }],
    [
      "a cap under its older name",
      { settings: { max_completion_tokens: 5 } },
      { maxTokensField: "max_tokens" },
      { ...streamed, max_tokens: 5 },
    ],
    [
      "the other settings as they are",
      { settings: { temperature: 0, stop: ["x"], seed: 1, response_format: { type: "json_object" }, logprobs: true } },
      {},
      { ...streamed, temperature: 0, stop: ["x"], seed: 1, response_format: { type: "json_object" }, logprobs: true },
    ],
  ])("writes %s", (_, given, compat, want) => {
    expect(toWireRequest({ ...request, ...given }, { ...openai, ...compat })).toEqual(want);
  });
});
