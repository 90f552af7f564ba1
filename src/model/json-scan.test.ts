import fc from "fast-check";
import { expect, it, test } from "vitest";
import { JsonScan } from "./json-scan.ts";

function scan(...pieces: readonly string[]): JsonScan {
  const found = new JsonScan();
  for (const piece of pieces) found.add(piece);
  return found;
}

it.each<[text: string, want: string]>([
  ["", "empty"],
  [" \n", "empty"],
  ["{", "open"],
  ['{"a":"}', "open"],
  ['{"a":"\\"}', "open"],
  ['{"a":"\\\\"}', "whole"],
  ['{"a":[{}]', "open"],
  ["{}", "whole"],
  [' {"a":[{"b":"]"}]} \n', "whole"],
  ["[1]", "whole"],
  ["7", "open"],
  ['"a"', "open"],
  ["}", "open"],
])("%j is %s, however it is cut", (text, want) => {
  expect(scan(text).progress).toBe(want);
  expect(scan(...text.split("")).progress).toBe(want);
});

test("it is whole when its last bracket is there, and not before", () => {
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (value) => {
      const text = JSON.stringify(value);
      expect(scan(text.slice(0, -1)).progress).toBe("open");
      expect(scan(text.slice(0, -1), text.slice(-1)).progress).toBe("whole");
      expect(scan(...text.split("")).isSame(text)).toBe(true);
      expect(scan(text).isSame(`${text} `)).toBe(false);
    }),
  );
});
