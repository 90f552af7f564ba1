import { expect, it } from "vitest";
import { toUsage } from "./wire-usage.ts";

const plain = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };

it.each<[what: string, given: unknown, want: unknown]>([
  ["the three counts", plain, plain],
  ["no total", { prompt_tokens: 3, completion_tokens: 4 }, plain],
  ["a total of its own", { ...plain, total_tokens: 9 }, { ...plain, total_tokens: 9 }],
  ["a total that is none", { ...plain, total_tokens: "9" }, plain],
  [
    "nothing written",
    { prompt_tokens: 3, completion_tokens: 0 },
    { prompt_tokens: 3, completion_tokens: 0, total_tokens: 3 },
  ],
  [
    "the details",
    {
      ...plain,
      prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 1, accepted_prediction_tokens: 0, rejected_prediction_tokens: 5 },
    },
    {
      ...plain,
      prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 1, accepted_prediction_tokens: 0, rejected_prediction_tokens: 5 },
    },
  ],
  ["details null", { ...plain, prompt_tokens_details: null, completion_tokens_details: null }, plain],
  ["details that are nobody's", { ...plain, prompt_tokens_details: { cached: 1 }, cost: 0.1 }, plain],
  ["details that are no counts", { ...plain, prompt_tokens_details: { cached_tokens: -2, audio_tokens: "1" } }, plain],
  ["no prompt", { completion_tokens: 4 }, undefined],
  ["no completion", { prompt_tokens: 4 }, undefined],
  ["a negative count", { ...plain, prompt_tokens: -1 }, undefined],
  ["a fraction", { ...plain, prompt_tokens: 1.5 }, undefined],
  ["a number beyond counting", { ...plain, prompt_tokens: 1e300 }, undefined],
  ["a text", { ...plain, prompt_tokens: "3" }, undefined],
  ["null", null, undefined],
  ["undefined", undefined, undefined],
  ["a number", 7, undefined],
  ["a list", [], undefined],
])("reads %s", (_, given, want) => {
  expect(toUsage(given)).toEqual(want);
});
