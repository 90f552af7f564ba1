import { expect, test } from "vitest";
import { seeEachTime } from "./samples.ts";

test.for<[finds: readonly (string | undefined)[], seen: readonly string[], looks: number]>([
  [["a", "b", "c", "d"], ["a", "b", "c"], 3],
  [["a", undefined, "c"], [], 2],
  [[undefined, "b", "c"], [], 1],
])("of %j it is found each time: %j", async ([finds, seen, looks]) => {
  let looked = 0;
  expect(await seeEachTime(3, () => Promise.resolve(finds[looked++]))).toEqual(seen);
  expect(looked).toBe(looks);
});
