import { describe, expect, it } from "vitest";
import { type Quirks, toOpenAiCapabilities, toQuirks } from "./quirks.ts";

const everything = { input: ["text", "image", "audio", "file"] };

describe("toQuirks", () => {
  it.each<[baseUrl: string, want: Partial<Quirks>]>([
    [
      "https://api.openai.com/v1",
      {
        maxTokensField: "max_completion_tokens",
        supportsDeveloperRole: true,
        supportsCustomTools: true,
        ...everything,
      } as Partial<Quirks>,
    ],
    ["https://API.OpenAI.com/v1", { supportsDeveloperRole: true }],
    ["https://my.openai.azure.com/openai/v1", { maxTokensField: "max_completion_tokens", supportsDeveloperRole: true }],
    ["https://my.services.ai.azure.com/openai/v1", { supportsDeveloperRole: true }],
    ["https://my.cognitiveservices.azure.com/openai/v1", { supportsDeveloperRole: true }],
    [
      "https://openrouter.ai/api/v1",
      { maxTokensField: "max_tokens", supportsDeveloperRole: false, ...everything } as Partial<Quirks>,
    ],
    ["https://api.groq.com/openai/v1", { maxTokensField: "max_completion_tokens", supportsLogprobs: false }],
    ["https://api.deepseek.com", { responseFormats: ["json_object"], input: ["text"] }],
    ["https://api.mistral.ai/v1", { supportsUsageInStreaming: false, supportsLogprobs: false }],
    [
      "http://127.0.0.1:11434/v1",
      {
        maxTokensField: "max_tokens",
        supportsDeveloperRole: false,
        supportsCustomTools: false,
        supportsUsageInStreaming: true,
      },
    ],
    ["http://[::1]:8080/v1", { supportsDeveloperRole: false }],
    ["https://api.openai.com.evil.example/v1", { supportsDeveloperRole: false }],
    ["https://evilopenrouter.ai/v1", { input: ["text", "image"] }],
    ["https://proxy.example/api.openai.com/v1", { supportsDeveloperRole: false }],
  ])("knows %s", (baseUrl, want) => {
    expect(toQuirks(baseUrl, {})).toMatchObject(want);
  });

  it("lets the configuration win, field by field", () => {
    expect(
      toQuirks("https://api.mistral.ai/v1", { supportsUsageInStreaming: true, responseFormats: [] }),
    ).toMatchObject({
      supportsUsageInStreaming: true,
      responseFormats: [],
      supportsLogprobs: false,
    });
  });
});

describe("toOpenAiCapabilities", () => {
  const quirks = toQuirks("https://api.openai.com/v1", {});
  const listed = [
    { id: "blind" },
    { id: "seeing", input: ["text" as const, "image" as const] },
    { id: "none", input: [] },
  ];

  it.each<[model: string, want: string[]]>([
    ["blind", ["image", "audio", "file"]],
    ["seeing", ["image"]],
    ["none", []],
    ["unlisted", ["image", "audio", "file"]],
  ])("takes the input of %s from the list of models, else from the server", (model, want) => {
    expect([...toOpenAiCapabilities(quirks, model, listed).input]).toEqual(want);
  });

  it.each<[compat: object, want: string[]]>([
    [{}, ["function", "custom"]],
    [{ supportsCustomTools: false }, ["function"]],
    [{ supportsTools: false }, []],
    [{ supportsTools: false, supportsCustomTools: true }, []],
  ])("says of %j that it takes %j", (compat, want) => {
    expect([...toOpenAiCapabilities({ ...quirks, ...compat }, "m", undefined).tools]).toEqual(want);
  });

  it("passes forms of answers and logprobs on", () => {
    expect(
      toOpenAiCapabilities(toQuirks("https://api.deepseek.com", { supportsLogprobs: false }), "m", undefined),
    ).toMatchObject({
      responseFormats: new Set(["json_object"]),
      logprobs: false,
    });
  });
});
