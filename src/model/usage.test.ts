import { describe, expect, it } from "vitest";
import { UsageCounter } from "./usage.ts";

const plain = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };

function count(...given: readonly unknown[]): unknown {
  const counter = new UsageCounter();
  for (const one of given) counter.read(one);
  return counter.toCounts();
}

const cached = (tokens: number): object => ({ prompt_tokens_details: { cached_tokens: tokens } });
const reasoning = (tokens: number): object => ({ completion_tokens_details: { reasoning_tokens: tokens } });

describe("one usage", () => {
  const details = {
    prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 1, accepted_prediction_tokens: 0, rejected_prediction_tokens: 5 },
  };

  it.each<[what: string, given: unknown, want: unknown]>([
    ["the three counts", plain, plain],
    ["no total", { prompt_tokens: 3, completion_tokens: 4 }, { prompt_tokens: 3, completion_tokens: 4 }],
    ["a total of its own", { ...plain, total_tokens: 9 }, { ...plain, total_tokens: 9 }],
    ["a total that is none", { ...plain, total_tokens: "9" }, { prompt_tokens: 3, completion_tokens: 4 }],
    ["nothing written", { prompt_tokens: 3, completion_tokens: 0 }, { prompt_tokens: 3, completion_tokens: 0 }],
    ["the details", { ...plain, ...details }, { ...plain, ...details }],
    ["details null", { ...plain, prompt_tokens_details: null, completion_tokens_details: null }, plain],
    ["details that are nobody's", { ...plain, prompt_tokens_details: { cached: 1 }, cost: 0.1 }, plain],
    ["details that are no counts", { ...plain, prompt_tokens_details: { cached_tokens: -2 } }, plain],
    ["no prompt", { completion_tokens: 4 }, { completion_tokens: 4 }],
    ["no completion", { prompt_tokens: 4 }, { prompt_tokens: 4 }],
    ["a completion that the total tells", { prompt_tokens: 3, total_tokens: 7 }, plain],
    ["a prompt that the total tells", { completion_tokens: 4, total_tokens: 7 }, plain],
    ["a negative count", { ...plain, prompt_tokens: -1 }, plain],
    ["a fraction", { prompt_tokens: 1.5, completion_tokens: 4 }, { completion_tokens: 4 }],
    ["a number beyond counting", { prompt_tokens: 1e300, completion_tokens: 4 }, { completion_tokens: 4 }],
    ["a text", { prompt_tokens: "3" }, undefined],
    ["zeros, where nobody counts", { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, undefined],
    ["a prompt of nothing", { prompt_tokens: 0, completion_tokens: 4 }, { completion_tokens: 4 }],
    ["null", null, undefined],
    ["undefined", undefined, undefined],
    ["a number", 7, undefined],
    ["a list", [], undefined],
  ])("with %s", (_, given, want) => {
    expect(count(given)).toEqual(want);
  });
});

describe("the names of vendors", () => {
  it.each<[vendor: string, given: object, want: object]>([
    ["Kimi", { ...plain, cached_tokens: 2 }, { ...plain, ...cached(2) }],
    ["DeepSeek", { ...plain, prompt_cache_hit_tokens: 2, prompt_cache_miss_tokens: 1 }, { ...plain, ...cached(2) }],
    [
      "DeepSeek, which also writes the usual one as zero",
      { ...plain, prompt_tokens_details: { cached_tokens: 0 }, prompt_cache_hit_tokens: 2 },
      { ...plain, ...cached(2) },
    ],
    ["OpenAI's Responses", { input_tokens: 3, output_tokens: 4, total_tokens: 7 }, plain],
    [
      "OpenAI's Responses with details",
      {
        input_tokens: 3,
        input_tokens_details: { cached_tokens: 1 },
        output_tokens: 4,
        output_tokens_details: { reasoning_tokens: 2 },
      },
      { prompt_tokens: 3, completion_tokens: 4, ...cached(1), ...reasoning(2) },
    ],
    [
      "Anthropic, whose input is what the cache had no part in",
      { input_tokens: 3, cache_read_input_tokens: 10, cache_creation_input_tokens: 5, output_tokens: 4 },
      { prompt_tokens: 18, completion_tokens: 4, ...cached(10) },
    ],
    [
      "LiteLLM, whose prompt holds them",
      { ...plain, cache_read_input_tokens: 2, cache_creation_input_tokens: 1 },
      { ...plain, ...cached(2) },
    ],
    [
      "xAI, whose completion is without what was thought",
      { ...plain, total_tokens: 12, ...reasoning(5) },
      { ...plain, completion_tokens: 9, total_tokens: 12, ...reasoning(5) },
    ],
    ["Perplexity", { ...plain, reasoning_tokens: 3 }, { ...plain, ...reasoning(3) }],
    [
      "Gemini",
      { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7, thoughtsTokenCount: 1 },
      { ...plain, ...reasoning(1) },
    ],
    ["the AI SDK", { promptTokens: 3, completionTokens: 4, totalTokens: 7 }, plain],
    ["Ollama", { prompt_eval_count: 3, eval_count: 4 }, { prompt_tokens: 3, completion_tokens: 4 }],
  ])("%s", (_, given, want) => {
    expect(count(given)).toEqual(want);
  });
});

describe("several", () => {
  it.each<[what: string, given: unknown[], want: unknown]>([
    [
      "later counts win",
      [plain, { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 }],
      { ...plain, completion_tokens: 9, total_tokens: 12 },
    ],
    ["zeros replace nothing", [plain, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }], plain],
    ["each by itself", [{ prompt_tokens: 3 }, { completion_tokens: 4 }], { prompt_tokens: 3, completion_tokens: 4 }],
    ["details stay", [{ ...plain, ...cached(2) }, plain], { ...plain, ...cached(2) }],
    [
      "details of zero stay behind counts",
      [
        { ...plain, ...cached(2) },
        { ...plain, ...cached(0) },
      ],
      { ...plain, ...cached(2) },
    ],
    ["a total of before is none", [plain, { completion_tokens: 9 }], { prompt_tokens: 3, completion_tokens: 9 }],
    [
      "the total of a piece that counts less is none",
      [plain, { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 }],
      { prompt_tokens: 3, completion_tokens: 4 },
    ],
    ["null between", [plain, null, {}], plain],
  ])("%s", (_, given, want) => {
    expect(count(...given)).toEqual(want);
  });
});
