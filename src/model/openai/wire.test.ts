import { describe, expect, it } from "vitest";
import { toLogprobs, toObjects } from "./wire.ts";

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
