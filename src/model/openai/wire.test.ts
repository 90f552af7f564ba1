import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { parseJson, toLogprobs, toObjects, toUsage } from "./wire.ts";

const plain = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };

describe("toUsage", () => {
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
        completion_tokens_details: {
          reasoning_tokens: 1,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 5,
        },
      },
      {
        ...plain,
        prompt_tokens_details: { cached_tokens: 2, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 1,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 5,
        },
      },
    ],
    ["details null", { ...plain, prompt_tokens_details: null, completion_tokens_details: null }, plain],
    ["details that are nobody's", { ...plain, prompt_tokens_details: { cached: 1 }, cost: 0.1 }, plain],
    [
      "details that are no counts",
      { ...plain, prompt_tokens_details: { cached_tokens: -2, audio_tokens: "1" } },
      plain,
    ],
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
});

describe("toLogprobs", () => {
  const whole = { token: "a", logprob: -1, bytes: [97], top_logprobs: [{ token: "b", logprob: -2, bytes: null }] };

  it.each<[what: string, given: unknown, want: unknown]>([
    ["what is whole", { content: [whole, whole] }, [whole, whole]],
    ["what nobody knows", { content: [{ ...whole, id: 7 }] }, [whole]],
    ["an empty entry", { content: [{}] }, [{ token: "", logprob: 0, bytes: null, top_logprobs: [] }]],
    ["entries that are none", { content: [null, 5, whole] }, [whole]],
    [
      "bytes that are none",
      { content: [{ ...whole, bytes: [0, 255, 256, -1, 1.5, "7"] }] },
      [{ ...whole, bytes: [0, 255] }],
    ],
    ["no entries", { content: [] }, []],
    ["content null", { content: null }, undefined],
    ["no content", {}, undefined],
    ["null", null, undefined],
    ["undefined", undefined, undefined],
    ["a text", "content", undefined],
  ])("reads %s", (_, given, want) => {
    expect(toLogprobs(given)).toEqual(want);
  });
});

it.each<[given: unknown, want: object[]]>([
  [
    [{ a: 1 }, null, 5, "x", [2]],
    [{ a: 1 }, [2]],
  ],
  [[], []],
  [{ a: 1 }, []],
  ["x", []],
  [null, []],
  [undefined, []],
])("takes of %j the objects %j", (given, want) => {
  expect(toObjects(given)).toEqual(want);
});

describe("parseJson", () => {
  it("gives the value", () => {
    expect(parseJson(' {"a":[1,null]} ', "no")).toEqual({ a: [1, null] });
  });

  it("says what it was told to say, and nothing of the text, not even for the log", () => {
    let thrown: unknown;
    try {
      parseJson("sk-secret", "It is no JSON.");
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "GatewayError", code: "upstream_error", message: "It is no JSON." });
    expect(inspect(thrown, { depth: 12, showHidden: true })).not.toContain("secret");
    expect((thrown as Error).cause).toEqual(new Error("no JSON in 9 characters"));
  });
});
