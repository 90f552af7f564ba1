import { describe, expect, it, test } from "vitest";
import type { FinishReason } from "../../src/base/contract.ts";
import { GatewayError } from "../../src/base/errors.ts";
import { createBrake } from "../../src/base/listener.ts";
import type { ModelEvent, ModelRequest } from "../../src/model/model.ts";
import { observe, type Outcome, type Subject, subjects, toModelRequest } from "./provider-subjects.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";

const weather = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
} as const;
const clock = { type: "function", function: { name: "get_time" } } as const;

const left = new Error("client left");
/** How long a provider may take to let go. */
// The models of these tests hang for ever; a busy machine takes its time.
const letGoMs = 20_000;

describe.each(subjects)("the provider $api", (subject: Subject) => {
  const ask = async (script: Script, more: Partial<ModelRequest> = {}): Promise<Outcome> => {
    const provider = await subject.start(script);
    return observe(provider, toModelRequest(subject.model, undefined, more));
  };

  it("says that it has begun, gives the text, and ends once", async () => {
    const { events, text, finishReason } = await ask([{ text: "Hel" }, { text: "lo, Grüße 👍🏽" }]);
    expect(events[0]).toEqual({ type: "start" });
    expect(text).toBe("Hello, Grüße 👍🏽");
    expect(finishReason).toBe("stop");
  });

  it("ends without text where the model says nothing", async () => {
    const { events, finishReason } = await ask([{ finish: "stop" }]);
    expect({ events, finishReason }).toEqual({ events: [{ type: "start" }], finishReason: "stop" });
  });

  it("keeps reasoning and text apart", async () => {
    const { reasoning, text } = await ask([{ reasoning: "Let me" }, { reasoning: " see." }, { text: "42" }]);
    expect({ reasoning, text }).toEqual({ reasoning: "Let me see.", text: "42" });
  });

  it("gives a tool call with the model's id and the arguments as they were written", async () => {
    const outcome = await ask(
      [{ text: "I look." }, { call: { id: "call_w1", name: "get_weather", args: { city: "Tromsø" } } }],
      { tools: [weather] },
    );
    expect(outcome.text).toBe("I look.");
    expect(outcome.calls).toEqual([
      { id: "call_w1", kind: "function", name: "get_weather", text: '{"city":"Tromsø"}' },
    ]);
    expect(outcome.finishReason).toBe("tool_calls");
  });

  it("gives parallel calls one after the other", async () => {
    const outcome = await ask(
      [
        { call: { id: "call_a", name: "get_weather", args: { city: "Oslo" } } },
        { call: { id: "call_b", name: "get_time", args: {} } },
        { call: { id: "call_c", name: "get_weather", args: { city: "Rome" } } },
      ],
      { tools: [weather, clock] },
    );
    expect(outcome.calls.map(({ id, text }) => [id, text])).toEqual([
      ["call_a", '{"city":"Oslo"}'],
      ["call_b", "{}"],
      ["call_c", '{"city":"Rome"}'],
    ]);
    expect(outcome.finishReason).toBe("tool_calls");
  });

  it("gives a function that was called without arguments an empty object", async () => {
    const { calls } = await ask([{ call: { id: "call_t", name: "get_time" } }], { tools: [clock] });
    expect(calls).toEqual([{ id: "call_t", kind: "function", name: "get_time", text: "{}" }]);
  });

  it("gives the usage with its details", async () => {
    const usage = { prompt: 1200, completion: 340, cached: 1000, reasoning: 300 };
    const { end } = await ask([{ text: "ok" }, { finish: "stop", usage }]);
    expect(end?.usage).toMatchObject({
      prompt_tokens: 1200,
      completion_tokens: 340,
      total_tokens: 1540,
      prompt_tokens_details: { cached_tokens: 1000 },
      completion_tokens_details: { reasoning_tokens: 300 },
    });
  });

  it.each<FinishReason>(["stop", "length", "content_filter"])("ends with the reason %s", async (finish) => {
    const { finishReason, text } = await ask([{ text: "so far" }, { finish }]);
    expect({ finishReason, text }).toEqual({ finishReason: finish, text: "so far" });
  });

  it.each<[what: string, end: Script[number]]>([
    ["breaks off", { cut: true }],
    ["fails within its answer", { error: {} }],
    ["says that it ended in an error", { finish: "error" }],
    ["resets the connection", { reset: true }],
  ])("fails when the model %s, after what was said before", async (what, end) => {
    // The Messages API has no such finish reason.
    if (subject.api === "anthropic-messages" && "finish" in end) return;
    const { text, finishReason, error } = await ask([{ text: "so far" }, { pauseMs: 20 }, end]);
    expect(error).toMatchObject({ name: "GatewayError", code: "upstream_error" });
    expect({ text, finishReason }).toEqual({ text: "so far", finishReason: undefined });
  });

  it("rejects with the signal's reason at once, and nothing else, when it aborts in the middle", async () => {
    const provider = await subject.start([{ text: "so far" }, { hang: true }]);
    const controller = new AbortController();
    let abortedAt = 0;
    const { error } = await observe(provider, toModelRequest(subject.model), {
      signal: controller.signal,
      onEvent: once("text-delta", () => {
        setTimeout(() => {
          abortedAt = performance.now();
          controller.abort(left);
        }, 20);
      }),
    });
    expect(error).toBe(left);
    expect(performance.now() - abortedAt).toBeLessThan(letGoMs);
  });

  it("rejects with the signal's reason when it aborts while an event is heard", async () => {
    const provider = await subject.start([{ text: "so" }, { text: " far" }, { hang: true }]);
    const controller = new AbortController();
    const { error } = await observe(provider, toModelRequest(subject.model), {
      signal: controller.signal,
      onEvent: once("text-delta", () => controller.abort(left)),
    });
    expect(error).toBe(left);
  });

  it("rejects with the reason of a signal that had aborted before", async () => {
    const provider = await subject.start([{ text: "never said" }]);
    const signal = AbortSignal.abort(left);
    const { events, error } = await observe(provider, toModelRequest(subject.model), { signal });
    expect({ events, error }).toEqual({ events: [], error: left });
  });

  it.each<ModelEvent["type"]>(["start", "text-delta", "tool-call-start", "tool-call-delta"])(
    "stops with what its listener throws at a %s, and says nothing more",
    async (type) => {
      const call = { id: "call_w", name: "get_weather", args: { city: "Oslo" } };
      const provider = await subject.start([{ text: "said" }, { call }, { text: "more" }, { hang: true }]);
      const thrown = new GatewayError("upstream_rejected", "the listener failed");
      let thrownAt = 0;
      const { events, error } = await observe(
        provider,
        toModelRequest(subject.model, undefined, { tools: [weather] }),
        {
          onEvent: (event) => {
            if (event.type !== type) return;
            thrownAt = performance.now();
            throw thrown;
          },
        },
      );
      expect(error).toBe(thrown);
      expect(events.at(-1)?.type).toBe(type);
      expect(performance.now() - thrownAt).toBeLessThan(letGoMs);
    },
  );

  // It may be taken for a failure of the provider; the caller's `Relay` knows better.
  it("stops when its listener throws what is no GatewayError", async () => {
    const provider = await subject.start([{ text: "said" }, { text: "more" }, { hang: true }]);
    const { events, error } = await observe(provider, toModelRequest(subject.model), {
      onEvent({ type }) {
        if (type === "text-delta") throw new Error("broken");
      },
    });
    expect(error).toBeInstanceOf(Error);
    expect(events.map(({ type }) => type)).toEqual(["start", "text-delta"]);
  });

  it("loses nothing when the flow is held again and again", async () => {
    const words = Array.from({ length: 50 }, (_, at) => `word${at} `);
    const provider = await subject.start(words.map((text) => ({ text })));
    const flow = createBrake();
    const { text, finishReason } = await observe(provider, toModelRequest(subject.model), {
      flow,
      onEvent() {
        flow.hold();
        setImmediate(() => flow.release());
      },
    });
    expect({ text, finishReason }).toEqual({ text: words.join(""), finishReason: "stop" });
  });

  it("stops at once when the signal aborts while the flow is held", async () => {
    const provider = await subject.start([{ text: "so far" }, { pauseMs: 1 }, { text: "more" }, { hang: true }]);
    const flow = createBrake();
    const controller = new AbortController();
    let abortedAt = 0;
    const { error } = await observe(provider, toModelRequest(subject.model), {
      flow,
      signal: controller.signal,
      onEvent: once("text-delta", () => {
        flow.hold();
        setTimeout(() => {
          abortedAt = performance.now();
          controller.abort(left);
        }, 20);
      }),
    });
    expect(error).toBe(left);
    expect(performance.now() - abortedAt).toBeLessThan(letGoMs);
  });

  test("what it can be asked for is known before it is asked", async () => {
    const provider = await subject.start([]);
    const { input, tools, responseFormats } = provider.toCapabilities(subject.model);
    expect(input).toContain("image");
    expect(tools).toContain("function");
    expect(responseFormats).toContain("json_schema");
  });
});

/** For the first event of a type. */
function once(type: ModelEvent["type"], act: () => void): (event: ModelEvent) => void {
  let isDone = false;
  return (event) => {
    if (isDone || event.type !== type) return;
    isDone = true;
    act();
  };
}
