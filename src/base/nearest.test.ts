import { expect, test } from "vitest";
import { findNearest } from "./nearest.ts";

test.each<[given: string, known: readonly string[], meant: string | undefined]>([
  ["gatewy", ["agents", "gateway", "models"], "gateway"],
  ["chatCompletion", ["chatCompletions", "docs"], "chatCompletions"],
  ["prot", ["bind", "port"], "port"],
  ["Port", ["port"], "port"],
  ["openia", ["lab", "openai"], "openai"],
  ["id", ["id"], undefined],
  ["xyz", ["port", "bind"], undefined],
  ["a", ["b"], undefined],
  ["", ["port"], undefined],
  ["x".repeat(10_000), ["port"], undefined],
])("of '%s' among %j it is %s", (given, known, meant) => {
  expect(findNearest(given, known)).toBe(meant);
});
