import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { ModelRequest } from "../model.ts";
import { toRequest } from "./request.fixture.ts";
import { chooseScenario, type ScenarioMatch } from "./scenario.ts";
import { failureCodes, type StepKind } from "./scenario-step.ts";

const schema = parse(readFileSync(new URL("../../../openapi/scenario.yaml", import.meta.url), "utf8")) as {
  examples: unknown[];
  $defs: { Step: { properties: Record<string, { properties: Record<string, { enum: string[] }> }> } };
};
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const isScenarioFile = ajv.compile(schema);

describe("openapi/scenario.yaml", () => {
  it("admits its own examples", () => {
    for (const example of schema.examples)
      expect({ valid: isScenarioFile(example), errors: isScenarioFile.errors }).toEqual({ valid: true, errors: null });
  });

  it("knows exactly the steps and codes that are played", () => {
    const kinds: Record<StepKind, true> = {
      text: true,
      words: true,
      count: true,
      repeat: true,
      thinkMs: true,
      delayMs: true,
      reasoning: true,
      refusal: true,
      toolCall: true,
      error: true,
      crash: true,
      cut: true,
      hang: true,
      finish: true,
      usage: true,
    };
    expect(Object.keys(schema.$defs.Step.properties).toSorted()).toEqual(Object.keys(kinds).toSorted());
    expect(schema.$defs.Step.properties["error"]?.properties["code"]?.enum).toEqual(failureCodes);
  });

  it.each([
    "scenarios: [{ name: a, match: {}, reply: [{ txt: x }] }]",
    "scenarios: [{ name: a, match: {}, reply: [{ text: x, delayMs: 1 }] }]",
    "scenarios: [{ name: a, match: {}, reply: [{}] }]",
    "scenarios: [{ name: a, match: { tols: x }, reply: [] }]",
    "scenarios: [{ match: {}, reply: [] }]",
    "otherwise: []",
  ])("refuses %s", (text) => {
    expect(isScenarioFile(parse(text))).toBe(false);
  });
});

describe("chooseScenario", () => {
  const tool = { type: "function", function: { name: "get_weather" } } as const;
  const afterTool = [
    { role: "user", content: "weather?" },
    { role: "tool", tool_call_id: "1", content: "7" },
  ] as const;
  const afterThought = [
    { role: "user", content: "weather?" },
    { role: "assistant", content: null, reasoning_content: "I look it up." },
    { role: "tool", tool_call_id: "1", content: "7" },
  ] as const;

  it.each<{ match: ScenarioMatch; request: ModelRequest; want: boolean }>([
    { match: {}, request: toRequest("x"), want: true },
    { match: { last: "weather" }, request: toRequest("the weather"), want: true },
    { match: { last: "weather" }, request: toRequest("the Weather"), want: false },
    { match: { last: "weather", agent: "beta" }, request: toRequest("weather"), want: false },
    { match: { agent: "beta" }, request: toRequest("x", { agentId: "beta" }), want: true },
    { match: { pattern: "^\\p{Lu}" }, request: toRequest("Ärger"), want: true },
    { match: { pattern: "^\\p{Lu}" }, request: toRequest("x"), want: false },
    { match: { turn: 2 }, request: toRequest("x"), want: false },
    {
      match: { turn: 2 },
      request: toRequest([
        { role: "user", content: "a" },
        { role: "user", content: "b" },
      ]),
      want: true,
    },
    { match: { tool: "get_weather" }, request: toRequest("x"), want: false },
    { match: { tool: "get_weather" }, request: toRequest("x", { tools: [tool] }), want: true },
    { match: {}, request: toRequest(afterTool), want: false },
    { match: { last: "weather", toolResult: true }, request: toRequest(afterTool), want: true },
    { match: { toolResult: true }, request: toRequest("x"), want: false },
    { match: { toolResult: true, reasoning: "look" }, request: toRequest(afterTool), want: false },
    { match: { toolResult: true, reasoning: "look" }, request: toRequest(afterThought), want: true },
    { match: { toolResult: true, reasoning: "hear" }, request: toRequest(afterThought), want: false },
  ])("$match → $want", ({ match, request, want }) => {
    const reply = chooseScenario({ scenarios: [{ name: "it", match, reply: [{ text: "hit" }] }] }, request);
    expect(reply[0]?.text === "hit").toBe(want);
  });

  it("takes the first that matches, else `otherwise`, else lists the names", () => {
    const scenarios = [
      { name: "one", match: { last: "a" }, reply: [{ text: "1" }] },
      { name: "two", match: {}, reply: [{ text: "2" }] },
    ];
    expect(chooseScenario({ scenarios }, toRequest("a"))).toEqual([{ text: "1" }]);
    const only = scenarios.slice(0, 1);
    expect(chooseScenario({ scenarios: only, otherwise: [{ text: "3" }] }, toRequest("b"))).toEqual([{ text: "3" }]);
    expect(chooseScenario({ scenarios: only }, toRequest("b"))[0]?.text).toContain("There are: one.");
    expect(chooseScenario({ scenarios: [] }, toRequest("b"))[0]?.text).toContain("No scenarios are loaded");
  });
});
