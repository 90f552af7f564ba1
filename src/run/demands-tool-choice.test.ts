import { describe, expect, test } from "vitest";
import type { FinishReason } from "../base/contract.ts";
import type { ModelSettings } from "../base/settings.ts";
import { toToolName } from "../base/tool-call.ts";
import { createChoiceGuard, narrowOffer, relaxDemand } from "./demands.ts";
import { tool } from "./model.fixture.ts";

type Choice = ModelSettings["tool_choice"];

const shell = { type: "custom", custom: { name: "shell" } } as const;
const tools = [tool("look"), tool("write"), shell];
const settings = (choice: Choice): ModelSettings => (choice === undefined ? {} : { tool_choice: choice });
const only = (mode: "auto" | "required", ...names: readonly string[]): NonNullable<Choice> => ({
  type: "allowed_tools",
  allowed_tools: { mode, tools: names.map(tool) },
});
const named = { type: "function", function: { name: "look" } } as const;
const custom = { type: "custom", custom: { name: "shell" } } as const;

const offers: readonly [what: string, choice: Choice, names: string[], left: Choice][] = [
  ["nothing", undefined, ["look", "write", "shell"], undefined],
  ["a word", "required", ["look", "write", "shell"], "required"],
  ["one tool", named, ["look", "write", "shell"], named],
  ["a list of one", only("auto", "look"), ["look"], "auto"],
  ["a list that demands a call", only("required", "look", "write"), ["look", "write"], "required"],
  ["a custom tool", { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [shell] } }, ["shell"], "auto"],
];
test.each(offers)("an offer under %s", (_, choice, names, left) => {
  const offer = narrowOffer({ tools, settings: settings(choice) });
  expect(offer.tools.map(toToolName)).toEqual(names);
  expect(offer.settings).toEqual(settings(left));
});

const demands: readonly [what: string, choice: Choice, want: Choice][] = [
  ["nothing", undefined, undefined],
  ["auto", "auto", "auto"],
  ["none", "none", "none"],
  ["required", "required", "auto"],
  ["one function", named, "auto"],
  ["one custom tool", custom, "auto"],
  ["a list", only("auto", "look"), only("auto", "look")],
  ["a list that demands a call", only("required", "look"), only("auto", "look")],
];
test.each(demands)("after a step %s demands no call, and allows no more than before", (_, choice, want) => {
  expect(relaxDemand({ seed: 1, ...settings(choice) })).toEqual({ seed: 1, ...settings(want) });
});

describe("the guard", () => {
  const guard = (given: ModelSettings) => createChoiceGuard({ tools, settings: given });

  const calls: readonly [choice: Choice, name: string, refused: boolean][] = [
    [undefined, "look", false],
    ["auto", "look", false],
    ["required", "look", false],
    ["none", "look", true],
    [named, "look", false],
    [named, "write", true],
    [custom, "shell", false],
    [custom, "look", true],
    [only("auto", "look"), "look", false],
    [only("auto", "look"), "write", true],
    // Of the agent, or made up: not the client's to allow.
    [only("auto", "look"), "other", false],
    ["auto", "other", false],
  ];
  test.each(calls)("under %j lets a call of %s through unless %s", (choice, name, refused) => {
    const admit = (): boolean => guard(settings(choice)).admits(name);
    if (refused) expect(admit).toThrow(expect.objectContaining({ code: "upstream_error" }));
    else expect(admit()).toBe(true);
  });

  const ends: readonly [choice: Choice, reason: FinishReason, refused: boolean][] = [
    [undefined, "stop", false],
    ["auto", "stop", false],
    ["none", "stop", false],
    [only("auto", "look"), "stop", false],
    ["required", "stop", true],
    [named, "stop", true],
    [custom, "stop", true],
    [only("required", "look"), "stop", true],
    ["required", "length", false],
    ["required", "content_filter", false],
  ];
  test.each(ends)(
    "under %j lets an answer without a call that ends by %s through unless %s",
    (choice, reason, refused) => {
      const finish = (): void => guard(settings(choice)).finish(reason);
      if (refused) expect(finish).toThrow(expect.objectContaining({ code: "upstream_error" }));
      else expect(finish).not.toThrow();
    },
  );

  test("a demand is met by one call", () => {
    const one = guard({ tool_choice: "required" });
    one.admits("look");
    expect(() => one.finish("tool_calls")).not.toThrow();
  });

  test.each([
    [undefined, [true, true, true]],
    [true, [true, true, true]],
    [false, [true, false, false]],
  ])("with parallel_tool_calls %s, of three calls pass %j", (parallel, want) => {
    const one = guard(parallel === undefined ? {} : { parallel_tool_calls: parallel });
    expect(["look", "look", "write"].map((name) => one.admits(name))).toEqual(want);
  });
});
