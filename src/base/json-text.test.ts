import fc from "fast-check";
import { expect, test } from "vitest";
import { countCommas } from "./json-text.ts";

test("commas are counted as there are values", () => {
  const count = (value: unknown): number => {
    if (typeof value !== "object" || value === null) return 0;
    const members = Object.values(value);
    return Math.max(0, members.length - 1) + members.reduce((sum: number, one) => sum + count(one), 0);
  };
  const values = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
  fc.assert(
    fc.property(values, (value) => {
      expect(countCommas(JSON.stringify(value), Infinity)).toBe(count(value));
    }),
  );
});

test.each([
  ['"a,b"', 0],
  ['["a\\",","b"]', 1],
  ['["a\\\\",","]', 1],
  ['["never ends, ', 0],
])("in %s there are %i", (text, want) => {
  expect(countCommas(text, Infinity)).toBe(want);
});

test("no more are counted than matter", () => {
  expect(countCommas(`[${"0,".repeat(100)}0]`, 10)).toBe(11);
});
