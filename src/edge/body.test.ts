import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertBounded, jsonDepthMax, jsonValuesMax } from "./body.ts";

function scan(text: string): () => void {
  return () => assertBounded(Buffer.from(text));
}

const nested = (depth: number, open = "[", close = "]"): string => open.repeat(depth) + close.repeat(depth);

describe("passes", () => {
  test.for<[name: string, text: string]>([
    ["nothing", ""],
    ["a number", "1"],
    ["the deepest array", nested(jsonDepthMax)],
    ["the deepest object", nested(jsonDepthMax, '{"a":', "}")],
    ["many shallow arrays, one after the other", `[${"[[]],".repeat(1000)}[]]`],
    ["as many values as may be", `[${"1,".repeat(jsonValuesMax - 1)}1]`],
    ["brackets and commas in a text", JSON.stringify("[{,".repeat(100_000))],
    ["a quote in a text that holds brackets", JSON.stringify(`"${"[".repeat(100)}`)],
    ["a backslash at the end of a text, then brackets", `["\\\\",${nested(jsonDepthMax - 1)}]`],
    ["a quote that is written as a code", String.raw`"\u0022${"[".repeat(100)}"`],
    ["letters of four bytes", JSON.stringify("😀[".repeat(1000))],
    ["what is not closed, which JSON.parse will refuse", "[".repeat(jsonDepthMax)],
    ["more that is closed than opened", "]".repeat(200)],
  ])("%s", ([, text]) => {
    expect(scan(text)).not.toThrow();
  });
});

describe("refuses", () => {
  test.for<[name: string, text: string, code: string]>([
    ["one array deeper", nested(jsonDepthMax + 1), "too_deep"],
    ["one object deeper", nested(jsonDepthMax + 1, '{"a":', "}"), "too_deep"],
    ["what only opens", "[".repeat(1_000_000), "too_deep"],
    ["brackets behind a text that ends in a backslash", `["\\\\",${nested(jsonDepthMax)}]`, "too_deep"],
    ["one value more", `[${"1,".repeat(jsonValuesMax)}1]`, "too_many_values"],
    ["one key more", `{${'"a":1,'.repeat(jsonValuesMax)}"a":1}`, "too_many_values"],
    ["many small ones in many arrays", `[${"[1,1],".repeat(jsonValuesMax / 2)}1]`, "too_many_values"],
  ])("%s", ([, text, code]) => {
    expect(scan(text)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

/** The nesting of a value, by walking it. */
function toDepth(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(toDepth));
}

test("the depth that it sees is the depth that JSON.parse makes", () => {
  const property = fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 55, max: 66 }), (value, outer) => {
    const text = "[".repeat(outer) + JSON.stringify(value) + "]".repeat(outer);
    const isDeep = toDepth(JSON.parse(text)) > jsonDepthMax;
    if (isDeep) expect(scan(text)).toThrow(expect.objectContaining({ code: "too_deep" }) as Error);
    else expect(scan(text)).not.toThrow();
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});
