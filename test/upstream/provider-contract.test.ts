import { describe, expect, it, test } from "vitest";
import type { FinishReason } from "../../src/base/contract.ts";
import type { ModelEvent, ModelRequest, Provider } from "../../src/model/model.ts";
import { never, observe, type Outcome, type Subject, subjects, toModelRequest } from "./provider-subjects.fixture.ts";
import type { Script } from "./servers/script.fixture.ts";

const weather = {
  type: "function",
  function: { name: "get_weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
} as const;
const clock = { type: "function", function: { name: "get_time" } } as const;

/** How long a provider may take to let go. */
const letGoMs = 200;

describe.each(subjects)("the provider $api", (subject: Subject) => {
  const ask = async (script: Script, more: Partial<ModelRequest> = {}): Promise<Outcome> => {
    const provider = await subject.start(script);
    return observe(provider.stream(toModelRequest(subject.model, undefined, more), { signal: never }));
  };

  it("says that it has begun, gives the text, and ends once", async () => {
    const { events, text, finishReason } = await ask([{ text: "Hel" }, { text: "lo, Grüße 👍🏽" }]);
    expect(events[0]).toEqual({ type: "start" });
    expect(text).toBe("Hello, Grüße 👍🏽");
    expect(finishReason).toBe("stop");
  });

  it("ends without text where the model says nothing", async () => {
    const { events } = await ask([{ finish: "stop" }]);
    expect(events.map(({ type }) => type)).toEqual(["start", "end"]);
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
    const { events } = await ask([{ text: "ok" }, { finish: "stop", usage }]);
    expect(events.at(-1)).toMatchObject({
      type: "end",
      usage: {
        prompt_tokens: 1200,
        completion_tokens: 340,
        total_tokens: 1540,
        prompt_tokens_details: { cached_tokens: 1000 },
        completion_tokens_details: { reasoning_tokens: 300 },
      },
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

  it("throws the signal's reason at once, and nothing else, when it aborts in the middle", async () => {
    const provider = await subject.start([{ text: "so far" }, { hang: true }]);
    const { reason, tookMs } = await abortAt("text-delta", provider, subject.model);
    expect(reason).toEqual(new Error("client left"));
    expect(tookMs).toBeLessThan(letGoMs);
  });

  it("throws the reason of a signal that had aborted before", async () => {
    const provider = await subject.start([{ text: "never said" }]);
    const { events, error } = await observe(
      provider.stream(toModelRequest(subject.model), { signal: AbortSignal.abort(new Error("gone")) }),
    );
    expect({ events, error }).toEqual({ events: [], error: new Error("gone") });
  });

  it("lets a reader go that leaves while it waits", async () => {
    // One token: the embedded model says one a delta.
    const provider = await subject.start([{ text: "said" }, { hang: true }]);
    const events = provider.stream(toModelRequest(subject.model), { signal: never })[Symbol.asyncIterator]();
    for (let at = await events.next(); at.done !== true && at.value.type !== "text-delta";) at = await events.next();
    const waiting = events.next().catch((error: unknown) => error);
    const leftAt = performance.now();
    await events.return?.();
    expect(await waiting).toMatchObject({ name: "AbortError" });
    expect(performance.now() - leftAt).toBeLessThan(letGoMs);
  });

  test("what it can be asked for is known before it is asked", async () => {
    const provider = await subject.start([]);
    const { input, tools, responseFormats } = provider.toCapabilities(subject.model);
    expect(input).toContain("image");
    expect(tools).toContain("function");
    expect(responseFormats).toContain("json_schema");
  });
});

async function abortAt(
  type: ModelEvent["type"],
  provider: Provider,
  model: string,
): Promise<{ reason: unknown; tookMs: number }> {
  const controller = new AbortController();
  let abortedAt = 0;
  try {
    for await (const event of provider.stream(toModelRequest(model), { signal: controller.signal })) {
      if (event.type !== type || controller.signal.aborted) continue;
      setTimeout(() => {
        abortedAt = performance.now();
        controller.abort(new Error("client left"));
      }, 20);
    }
  } catch (reason) {
    return { reason, tookMs: performance.now() - abortedAt };
  }
  throw new Error("the provider ended in spite of the abort");
}
