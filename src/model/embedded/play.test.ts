import { describe, expect, it } from "vitest";
import { GatewayError } from "../../base/errors.ts";
import type { ModelSettings } from "../../base/settings.ts";
import type { ModelEnd } from "../model.ts";
import { play, type Moment } from "./play.ts";
import { joinText, toRequest } from "./request.fixture.ts";
import type { FileStep, Step } from "./scenario-step.ts";

interface Performed {
  readonly moments: Moment[];
  readonly end: ModelEnd | undefined;
  readonly error: unknown;
}

function perform(steps: readonly FileStep[], settings: ModelSettings = {}): Performed {
  const moments: Moment[] = [];
  const played = play(steps, toRequest("Hello there", { settings }));
  try {
    for (let at = played.next(); ; at = played.next()) {
      if (at.done === true) return { moments, end: at.value, error: undefined };
      moments.push(at.value);
    }
  } catch (error) {
    return { moments, end: undefined, error };
  }
}

const call: Step = { toolCall: { name: "f", arguments: { city: "Oslo", days: [1, 2, 3] } } };

describe("play", () => {
  it("starts, says one token a delta, and ends with usage", () => {
    const { moments, end } = perform([{ text: "Hello, world" }]);
    expect(moments.map(({ type }) => type)).toEqual(["start", "text-delta", "text-delta", "text-delta"]);
    expect(end).toEqual({
      finishReason: "stop",
      usage: {
        prompt_tokens: 6,
        completion_tokens: 3,
        total_tokens: 9,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
    });
  });

  it.each<{ title: string; steps: Step[]; settings?: ModelSettings; text: string; finish: string; tokens?: number }>([
    { title: "nothing", steps: [], text: "", finish: "stop", tokens: 0 },
    { title: "words", steps: [{ words: { count: 3 } }], text: "word0 word1 word2", finish: "stop" },
    { title: "a count", steps: [{ count: 4 }], text: "0 1 2 3", finish: "stop" },
    { title: "bytes of whole characters", steps: [{ repeat: { bytes: 8, text: "é€" } }], text: "é€é", finish: "stop" },
    { title: "a stop", steps: [{ text: "one two three" }], settings: { stop: " two" }, text: "one", finish: "stop" },
    {
      title: "the first of two stops",
      steps: [{ text: "one two three" }],
      settings: { stop: ["three", "tw"] },
      text: "one ",
      finish: "stop",
    },
    {
      title: "a stop across steps",
      steps: [{ text: "on" }, { delayMs: 1 }, { text: "e two" }],
      settings: { stop: ["ne t"] },
      text: "o",
      finish: "stop",
    },
    {
      title: "a stop that only begins",
      steps: [{ text: "abab" }],
      settings: { stop: "abc" },
      text: "abab",
      finish: "stop",
    },
    { title: "an empty stop", steps: [{ text: "abab" }], settings: { stop: ["", "x"] }, text: "abab", finish: "stop" },
    {
      title: "a cap",
      steps: [{ text: "one two three" }],
      settings: { max_completion_tokens: 1 },
      text: "one",
      finish: "length",
      tokens: 1,
    },
    {
      title: "a cap that suffices",
      steps: [{ text: "one two" }],
      settings: { max_completion_tokens: 2 },
      text: "one two",
      finish: "stop",
      tokens: 2,
    },
    {
      title: "a cap within a delta",
      steps: [{ repeat: { bytes: 40 } }],
      settings: { max_completion_tokens: 2 },
      text: "x".repeat(16),
      finish: "length",
      tokens: 2,
    },
    {
      title: "a cap over a finish",
      steps: [{ finish: "content_filter" }, { text: "a b" }],
      settings: { max_completion_tokens: 1 },
      text: "a",
      finish: "length",
    },
    { title: "a finish", steps: [{ text: "a" }, { finish: "content_filter" }], text: "a", finish: "content_filter" },
    {
      title: "no call under none",
      steps: [{ text: "a" }, call],
      settings: { tool_choice: "none" },
      text: "a",
      finish: "stop",
    },
  ])("plays $title", ({ steps, settings, text, finish, tokens }) => {
    const { moments, end } = perform(steps, settings);
    expect({ text: joinText(moments), finish: end?.finishReason }).toEqual({ text, finish });
    if (tokens !== undefined) expect(end?.usage?.completion_tokens).toBe(tokens);
  });

  it("says one number a delta, and one repeat a delta", () => {
    expect(perform([{ count: 10_000 }]).moments.length).toBe(10_001);
    expect(perform([{ repeat: { bytes: 1_000_000 } }]).moments.length).toBe(2);
  });

  it("streams two calls one after another, in pieces, with unique ids", () => {
    const { moments, end } = perform([call, { toolCall: { name: "g" } }]);
    const starts = moments.filter((moment) => moment.type === "tool-call-start");
    expect(starts).toMatchObject([
      { index: 0, name: "f", kind: "function" },
      { index: 1, name: "g", kind: "function" },
    ]);
    expect(new Set(starts.map(({ id }) => id)).size).toBe(2);
    expect(starts[0]?.id).toMatch(/^call_[0-9a-f]{24}$/);
    const pieces = moments.filter((moment) => moment.type === "tool-call-delta");
    const first = pieces.filter(({ index }) => index === 0);
    expect(first.length).toBeGreaterThan(3);
    expect(first.length).toBeLessThanOrEqual(16);
    expect(JSON.parse(first.map(({ text }) => text).join(""))).toEqual({ city: "Oslo", days: [1, 2, 3] });
    expect(pieces.at(-1)).toMatchObject({ index: 1, text: expect.stringMatching(/\}$/) });
    expect(end?.finishReason).toBe("tool_calls");
  });

  it("sends the text of a call as it is, and gives `custom` calls their input", () => {
    const { moments } = perform([{ toolCall: { name: "f", id: "call_1", kind: "custom", arguments: "not json" } }]);
    expect(moments[1]).toEqual({ type: "tool-call-start", index: 0, id: "call_1", kind: "custom", name: "f" });
    expect(joinText(moments, "tool-call-delta")).toBe("not json");
  });

  it("keeps the first call only without parallel calls", () => {
    const { moments } = perform([call, call], { parallel_tool_calls: false });
    expect(moments.filter(({ type }) => type === "tool-call-start")).toHaveLength(1);
  });

  it("reports `length` when the cap cuts a call's arguments", () => {
    const { moments, end } = perform([call], { max_completion_tokens: 4 });
    expect(joinText(moments, "tool-call-delta")).toBe('{"city"');
    expect(end?.finishReason).toBe("length");
  });

  it("counts reasoning and refusal, unless usage is scripted", () => {
    const steps: Step[] = [{ reasoning: "a b c" }, { refusal: "no" }];
    const { moments, end } = perform(steps);
    expect(joinText(moments, "reasoning-delta")).toBe("a b c");
    expect(joinText(moments, "refusal-delta")).toBe("no");
    expect(end?.usage).toMatchObject({
      completion_tokens: 4,
      completion_tokens_details: { reasoning_tokens: 3 },
    });
    const scripted = perform([
      { usage: { promptTokens: 10, completionTokens: 5, cachedTokens: 2, reasoningTokens: 1 } },
      ...steps,
    ]);
    expect(scripted.end?.usage).toEqual({
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 1 },
    });
  });

  it("thinks after `start` and delays before it", () => {
    expect(perform([{ thinkMs: 5 }]).moments.map(({ type }) => type)).toEqual(["start", "pause"]);
    expect(perform([{ delayMs: 5 }]).moments.map(({ type }) => type)).toEqual(["pause", "start"]);
  });

  it("refuses the call without any event when it is to fail at once", () => {
    const { moments, error } = perform([
      { error: { code: "rate_limit_exceeded", message: "slow down", retryAfterSeconds: 2 } },
    ]);
    expect(moments).toEqual([]);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({ code: "rate_limit_exceeded", message: "slow down", retryAfterSeconds: 2 });
  });

  it.each<{ title: string; steps: Step[]; text: string; want: object }>([
    {
      title: "an error after n deltas",
      steps: [{ error: { code: "upstream_error", afterDeltas: 3 } }],
      text: "word0 word1 word2",
      want: { code: "upstream_error" },
    },
    {
      title: "an error after text",
      steps: [{ text: "a" }, { error: { code: "upstream_timeout" } }],
      text: "a",
      want: { code: "upstream_timeout" },
    },
    { title: "a cut", steps: [{ text: "a" }, { cut: true }], text: "a", want: { code: "upstream_error" } },
    { title: "a cut at once", steps: [{ cut: true }], text: "", want: { code: "upstream_error" } },
    {
      title: "a crash",
      steps: [{ text: "a" }, { crash: "defect" }],
      text: "a",
      want: { name: "Error", message: "defect" },
    },
  ])("throws for $title, once the text before it is out, and never ends", ({ steps, text, want }) => {
    const { moments, end, error } = perform(steps);
    expect(moments[0]).toEqual({ type: "start" });
    expect(joinText(moments)).toBe(text);
    expect(end).toBeUndefined();
    expect(error).toMatchObject(want);
  });
});
