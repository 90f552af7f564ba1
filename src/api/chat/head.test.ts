import { expect, test } from "vitest";
import { toInclude } from "./head.ts";
import type { Included } from "../../run/agents.ts";

const rows: readonly [text: string | undefined, always: readonly Included[], want: readonly Included[]][] = [
  [undefined, [], []],
  [undefined, ["tools"], ["tools"]],
  ["", ["tools"], ["tools"]],
  ["reasoning", [], ["reasoning"]],
  ["reasoning", ["tools"], ["tools", "reasoning"]],
  ["tools,tools", ["tools"], ["tools"]],
  [" Tools ,, REASONING ", [], ["tools", "reasoning"]],
];
test.each(rows)("%j beside %j includes %j", (text, always, want) => {
  expect([...toInclude(text, always)]).toEqual(want);
});

test.each(["x", "tools;reasoning", "tools, x", "toString"])("%s is refused, with what is supported", (text) => {
  expect(() => toInclude(text, [])).toThrow(
    expect.objectContaining({
      code: "invalid_value",
      param: "x-clawgate-include",
      message: expect.stringMatching(/Supported values are: reasoning, tools\.$/) as string,
    }),
  );
});

test("a long word is told in part", () => {
  expect(() => toInclude("x".repeat(1000), [])).toThrow(/^.{0,140}$/);
});
