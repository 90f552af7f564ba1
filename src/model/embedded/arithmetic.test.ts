import { expect, it } from "vitest";
import { answerArithmetic } from "./arithmetic.ts";

it.each<[string, string | undefined]>([
  ["what is 2+2", "2+2 = 4"],
  ["2 + 3 * 4 =", "2 + 3 * 4 = 14"],
  ["How much is 7 times 6?", "7 times 6 = 42"],
  ["What's 10 divided by 4?", "10 divided by 4 = 2.5"],
  ["2^3^2", "2^3^2 = 512"],
  ["-2^2", "-2^2 = -4"],
  ["3 x 4", "3 x 4 = 12"],
  ["0.1 + 0.2", "0.1 + 0.2 = 0.3"],
  ["10 - 3 - 2", "10 - 3 - 2 = 5"],
  ["7 % 0", "7 % 0 has no value."],
  ["42", undefined],
  ["what is love", undefined],
  ["2 +", undefined],
  ["(2", undefined],
  ["2 2", undefined],
  ["()", undefined],
  ["(".repeat(5_000), undefined],
])("%j → %j", (given, want) => {
  expect(answerArithmetic(given)).toBe(want);
});
