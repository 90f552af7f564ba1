import { expect, test } from "vitest";
import { judge, toWords } from "./talker.fixture.ts";

const deltas = toWords(Array.from({ length: 24 }, (_, place) => `word${place} `));

test.for<[what: string, pauseMs: number | undefined, isHeld: (asked: number) => boolean, verdict: string]>([
  ["sends each word when it is said", 30, () => false, "pass"],
  ["sends a word each few milliseconds", 8, () => false, "pass"],
  ["sends all at the end", 30, () => true, "warn"],
  ["has sent all at once by chance", 30, (asked) => asked === 0, "pass"],
  ["is too fast for anybody to see", undefined, () => false, "skip"],
])("a server without the fixture that %s is judged as such", async ([, pauseMs, isHeld, verdict]) => {
  let streams = 0;
  const verdicts = await judge("SS-31", ({ stream }) => {
    if (stream !== true) return { deltas: [] };
    const held = isHeld(streams++);
    return { deltas, isHeld: () => held, ...(pauseMs !== undefined && { pauseMs }) };
  });
  expect(verdicts).toEqual([verdict]);
});
