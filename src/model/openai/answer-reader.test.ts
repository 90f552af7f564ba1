import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { GatewayError } from "../../base/errors.ts";
import type { ModelEnd, ModelEvent } from "../model.ts";
import { AnswerReader } from "./answer-reader.ts";

function read(pieces: readonly unknown[]): { events: ModelEvent[]; end: ModelEnd } {
  const events: ModelEvent[] = [];
  const reader = new AnswerReader((event) => events.push(event));
  for (const piece of pieces) reader.read(piece);
  return { end: reader.end(), events };
}

function failure(pieces: readonly unknown[]): GatewayError {
  try {
    read(pieces);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was read");
}

const delta = (content: object, more: object = {}): object => ({ choices: [{ index: 0, delta: content, ...more }] });
const finish = (reason: unknown = "stop", more: object = {}): object => delta({}, { finish_reason: reason, ...more });
const said = (pieces: readonly unknown[]): ModelEvent[] => read([...pieces, finish()]).events;
const text = (of: string): ModelEvent => ({ type: "text-delta", text: of });
const counted = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };

describe("what is said", () => {
  it.each<[what: string, piece: object, want: ModelEvent[]]>([
    ["a text", delta({ role: "assistant", content: "Hi" }), [text("Hi")]],
    ["an empty text", delta({ content: "" }), []],
    ["content null", delta({ content: null }), []],
    [
      "content as parts",
      delta({
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      }),
      [text("ab")],
    ],
    ["parts that are none", delta({ content: [null, 5, "x", { type: "image" }, { text: ["a"] }] }), []],
    ["content that is a number", delta({ content: 5 }), []],
    ["reasoning_content", delta({ reasoning_content: "hm" }), [{ type: "reasoning-delta", text: "hm" }]],
    ["reasoning", delta({ reasoning: "hm" }), [{ type: "reasoning-delta", text: "hm" }]],
    ["both, once", delta({ reasoning: "hm", reasoning_content: "hm" }), [{ type: "reasoning-delta", text: "hm" }]],
    [
      "reasoning before text",
      delta({ content: "a", reasoning: "b" }),
      [{ type: "reasoning-delta", text: "b" }, text("a")],
    ],
    ["a refusal", delta({ refusal: "No." }), [{ type: "refusal-delta", text: "No." }]],
    ["a message instead of a delta", { choices: [{ message: { content: "Hi" } }] }, [text("Hi")]],
    ["no delta at all", { choices: [{ index: 0 }] }, []],
    ["choices null", { choices: null }, []],
    ["choices empty", { choices: [] }, []],
    ["no choices", {}, []],
    ["a choice that is null", { choices: [null] }, []],
    ["another choice", { choices: [{ index: 1, delta: { content: "not asked for" } }] }, []],
    ["tool calls that are no list", delta({ tool_calls: 5 }), []],
    ["tool calls null", delta({ tool_calls: null }), []],
    ["tool calls with a null", delta({ tool_calls: [null] }), []],
    ["an error null", { error: null, ...delta({ content: "Hi" }) }, [text("Hi")]],
    [
      "logprobs",
      delta(
        { content: "Hi" },
        {
          logprobs: {
            content: [
              {
                token: "Hi",
                logprob: -0.5,
                bytes: [72, 105],
                top_logprobs: [{ token: "Ho", logprob: -1, bytes: null }],
              },
            ],
          },
        },
      ),
      [
        {
          ...text("Hi"),
          logprobs: [
            { token: "Hi", logprob: -0.5, bytes: [72, 105], top_logprobs: [{ token: "Ho", logprob: -1, bytes: null }] },
          ],
        } as ModelEvent,
      ],
    ],
    [
      "logprobs with what is required left out",
      delta({ content: "" }, { logprobs: { content: [null, { token: "\ud83d", bytes: [240, 999, "x"] }] } }),
      [{ ...text(""), logprobs: [{ token: "\ud83d", logprob: 0, bytes: [240], top_logprobs: [] }] } as ModelEvent],
    ],
    ["logprobs without any", delta({ content: "" }, { logprobs: { content: [] } }), []],
    ["logprobs null", delta({ content: "Hi" }, { logprobs: null }), [text("Hi")]],
  ])("reads %s", (_, piece, want) => {
    expect(said([piece])).toEqual(want);
  });

  it("reads a tool call, and the legacy form of one", () => {
    const want = [
      { type: "tool-call-start", index: 0, id: expect.any(String) as string, kind: "function", name: "go" },
      { type: "tool-call-delta", index: 0, kind: "function", text: '{"x":1}' },
    ];
    const call = (part: object): object => delta({ tool_calls: [{ index: 0, function: part }] });
    const legacy = (part: object): object => delta({ function_call: part });
    for (const wrap of [call, legacy]) {
      expect(said([wrap({ name: "go", arguments: '{"x"' }), wrap({ arguments: ":1}" })])).toEqual(want);
    }
  });
});

describe("how it ends", () => {
  const call = delta({ tool_calls: [{ index: 0, id: "a", function: { name: "go", arguments: "{}" } }] });

  it.each<[given: unknown, want: string, wantAfterCall: string]>([
    ["stop", "stop", "tool_calls"],
    ["length", "length", "length"],
    ["max_tokens", "length", "length"],
    ["model_length", "length", "length"],
    ["tool_calls", "stop", "tool_calls"],
    ["function_call", "stop", "tool_calls"],
    ["tool_use", "stop", "tool_calls"],
    ["content_filter", "content_filter", "content_filter"],
    ["eos", "stop", "tool_calls"],
    ["max_output_tokens_limit", "length", "length"],
    ["content_policy_violation", "content_filter", "content_filter"],
    ["SafetyCheck", "content_filter", "content_filter"],
    ["function_call_filter: SAFETY", "content_filter", "content_filter"],
    ["constructor", "stop", "tool_calls"],
    ["__proto__", "stop", "tool_calls"],
  ])("takes %s for %s, and after a call for %s", (given, want, wantAfterCall) => {
    expect(read([finish(given)]).end.finishReason).toBe(want);
    expect(read([call, finish(given)]).end.finishReason).toBe(wantAfterCall);
  });

  it.each([[undefined], [null], [""], [5], [{ toString: 1 }]])("takes a reason that is %j for none", (reason) => {
    const pieces = [delta({ content: "a" }, { finish_reason: reason }), delta({ content: "b" })];
    expect(said(pieces)).toEqual([text("a"), text("b")]);
    expect(failure(pieces)).toMatchObject({ code: "upstream_error", message: "The model's answer broke off." });
  });

  it.each([
    ["error"],
    ["error_finish"],
    ["insufficient_quota"],
    ["rate_limit"],
    ["streamError"],
    ["function_call_filter: UNEXPECTED_TOOL_CALL"],
    ["function_call_filter: MALFORMED_FUNCTION_CALL"],
  ])("fails when the reason is a failure: %s", (reason) => {
    expect(failure([finish(reason)])).toMatchObject({ code: "upstream_error" });
    expect(failure([call, finish(reason)])).toMatchObject({ code: "upstream_error" });
  });

  it("fails when a choice holds an error, whatever its reason (OpenRouter)", () => {
    const error = { code: 502, message: "Provider disconnected" };
    expect(failure([delta({ content: "a" }, { finish_reason: "stop", error })])).toMatchObject({
      code: "upstream_error",
    });
    expect(said([delta({ content: "a" }, { error: {} })])).toEqual([text("a")]);
  });

  it("reads on after a reason, and takes the last one", () => {
    expect(read([delta({ content: "a" }), finish(), delta({ content: "b" }), finish("length")])).toMatchObject({
      events: [text("a"), text("b")],
      end: { finishReason: "length" },
    });
    expect(
      read([delta({ content: "a" }), finish("length"), delta({ content: "b" }, { finish_reason: null })]),
    ).toMatchObject({ end: { finishReason: "length" } });
  });

  it("tells of a reason that nobody knows", () => {
    const told: string[] = [];
    const reader = new AnswerReader(
      () => undefined,
      (reason) => told.push(reason),
    );
    for (const piece of [finish("stop"), finish("Stop_Because")]) reader.read(piece);
    expect(reader.end().finishReason).toBe("stop");
    expect(told).toEqual(["Stop_Because"]);
  });

  it("takes a message behind deltas for their repetition (MiniMax)", () => {
    const repeated = { choices: [{ message: { content: "Hi you" }, finish_reason: "stop" }] };
    expect(read([delta({ content: "Hi " }), delta({ content: "you" }), repeated]).events).toEqual([
      text("Hi "),
      text("you"),
    ]);
  });

  it("gives a call without arguments its empty object before the end", () => {
    const { events } = read([delta({ tool_calls: [{ id: "a", function: { name: "go" } }] }), finish("tool_calls")]);
    expect(events.map(({ type }) => type)).toEqual(["tool-call-start", "tool-call-delta"]);
  });
});

describe("what it cost", () => {
  const usage = (pieces: readonly unknown[]): unknown => read(pieces).end.usage;
  it("is read from llama.cpp's timings where there is nothing else", () => {
    const timings = { cache_n: 2, prompt_n: 1, predicted_n: 4 };
    const want = { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 2 } };
    expect(usage([finish(), { choices: [], timings }])).toEqual(want);
    expect(usage([finish(), { choices: [], usage: counted, timings }])).toEqual(counted);
  });

  it.each<[where: string, pieces: object[]]>([
    ["in the delta", [delta({ usage: counted }), finish()]],
    ["in a piece of its own after the end", [finish(), { choices: [], usage: counted }]],
    ["in the last piece", [finish("stop", {}), { usage: counted }]],
    ["beside the end", [{ ...finish(), usage: counted }]],
    ["at the beginning", [{ choices: [], usage: counted }, finish()]],
    [
      "again and again, of which the last holds",
      [{ usage: { ...counted, prompt_tokens: 1 } }, finish(), { usage: counted }],
    ],
    ["before a null", [{ usage: counted }, { ...finish(), usage: null }]],
  ])("is read %s", (_, pieces) => {
    expect(usage(pieces)).toEqual(counted);
  });

  it.each([[undefined], [null], [{}], [{ prompt_tokens: -1 }], ["7"]])("is not known for usage %j", (given) => {
    const pieces = [delta({ content: "Hello there" }), delta({ reasoning: "hm" }), { ...finish(), usage: given }];
    expect(usage(pieces)).toBeUndefined();
  });
});

describe("an error that says nothing", () => {
  it.each([[null], [""], [false], [{}], [{ message: "", code: null }]])("%j beside choices is none", (error) => {
    expect(
      read([
        { error, ...delta({ content: "Hi" }) },
        { error, ...finish() },
      ]).events,
    ).toEqual([text("Hi")]);
  });

  it.each([[null], [""]])("%j alone is none", (error) => {
    expect(said([delta({ content: "Hi" }), { error }])).toEqual([text("Hi")]);
  });

  it("is one if it is an object, and there is nothing else", () => {
    expect(failure([delta({ content: "Hi" }), { error: {} }, finish()])).toMatchObject({ code: "upstream_error" });
  });
});

describe("an error in band", () => {
  const secret = "sk-secret at https://internal.example";
  it.each<[what: string, piece: unknown, code: string]>([
    ["an object", { error: { message: secret, type: "server_error", code: null } }, "upstream_error"],
    ["a text", { error: secret }, "upstream_error"],
    ["a numeric code", { error: { code: 429, message: secret } }, "rate_limit_exceeded"],
    ["a numeric code as a text", { error: { code: "503", message: secret } }, "upstream_unavailable"],
    ["a rejection", { error: { code: 401, message: secret } }, "upstream_rejected"],
    ["a code that is no status", { error: { code: 7, message: secret } }, "upstream_error"],
    ["a spent quota", { error: { code: "insufficient_quota", message: secret } }, "rate_limit_exceeded"],
    ["a prompt that is too long", { error: { code: "context_length_exceeded" } }, "context_length_exceeded"],
    ["a name of every object", { error: { code: "constructor", type: "toString" } }, "upstream_error"],
    ["an error beside choices", { error: { message: secret }, ...delta({ content: "Hi" }) }, "upstream_error"],
    ["null", null, "upstream_error"],
    ["a number", 42, "upstream_error"],
    ["a text as the piece", secret, "upstream_error"],
  ])("%s", (_, piece, code) => {
    const error = failure([delta({ content: "so far" }), piece, finish()]);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain("sk-secret");
    expect(String(error.cause)).not.toContain("sk-secret");
  });
});

it("gives on what it has read with each piece, and what came before a failure", () => {
  const events: ModelEvent[] = [];
  const reader = new AnswerReader((event) => events.push(event));
  reader.read(delta({ content: "a" }));
  expect(events).toEqual([text("a")]);
  reader.read({ choices: [{ delta: { content: "b" }, finish_reason: "error" }] });
  expect(() => reader.end()).toThrow(GatewayError);
  expect(events).toEqual([text("a"), text("b")]);
});

it("throws what its listener throws, and gives it nothing more of the piece", () => {
  const broken = new Error("broken");
  const events: ModelEvent[] = [];
  const reader = new AnswerReader((event) => {
    events.push(event);
    throw broken;
  });
  expect(() => reader.read(delta({ reasoning: "hm", content: "a" }))).toThrow(broken);
  expect(events).toEqual([{ type: "reasoning-delta", text: "hm" }]);
});

test("any JSON gives events or a GatewayError", () => {
  const key = fc.constantFrom(
    "choices",
    "delta",
    "message",
    "content",
    "tool_calls",
    "function",
    "arguments",
    "name",
    "error",
    "usage",
    "logprobs",
    "top_logprobs",
    "finish_reason",
    "index",
    "text",
    "toString",
    "code",
    "function_call",
    "bytes",
    "reasoning",
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 7, depthSize: "large" },
      fc.constantFrom(null, "", "go", "stop", "__proto__", 0, 1, -1.5, true),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 5 }),
    ),
  }));
  const inChoice = value.map((one) => ({ choices: [one] }));
  const inDelta = value.map((one) => ({ choices: [{ delta: one, finish_reason: "stop" }] }));
  const inCall = value.map((one) => ({ choices: [{ delta: { tool_calls: [one] } }] }));
  const inLogprobs = value.map((one) => ({ choices: [{ delta: {}, logprobs: { content: one } }] }));
  const piece = fc.oneof(value, inChoice, inDelta, inCall, inLogprobs, fc.jsonValue());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 3 }), (pieces) => {
      try {
        for (const event of read(pieces).events) expect(event).toHaveProperty("type");
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError);
      }
    }),
    { numRuns: 2_000 },
  );
});
