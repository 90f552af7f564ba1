import { describe, expect, test } from "vitest";
import type { FunctionToolCall, Message, Tool } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";
import { hear } from "../base/listener.fixture.ts";
import type { ModelSettings } from "../base/settings.ts";
import type { ModelEvent } from "../model/model.ts";
import type { Agent } from "./agents.ts";
import {
  answer,
  call,
  createModel,
  createTools,
  type End,
  end,
  gives,
  reasoning,
  type Said,
  silent,
  start,
  text,
  toAgent,
  tool,
} from "./model.fixture.ts";
import type { RunEvent } from "./run-event.ts";
import type { StepRequest } from "./step.ts";
import { runSteps, type StepsResult } from "./steps.ts";
import { toVisible } from "../session/visible.ts";
import type { ToolSet } from "../tool/tool-set.ts";

interface Ask {
  readonly toolSet?: ToolSet;
  readonly tools?: readonly Tool[];
  readonly settings?: ModelSettings;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  readonly history?: readonly Message[];
  readonly agent?: Partial<Agent>;
}

const hello = { role: "user", content: "hello" } as const;

async function run(
  scripts: readonly Said[],
  { toolSet, tools = [], settings = {}, signal, onEvent, agent, history = [hello] }: Ask = {},
) {
  const model = createModel(scripts);
  const request: StepRequest = {
    agent: toAgent([model], agent),
    instructions: [{ role: "system", content: "Be brief." }],
    history,
    tools,
    settings,
    needs: [],
    toolSet,
    onSpent: () => undefined,
  };
  const hearing = { ...(signal === undefined ? {} : { signal }), ...(onEvent === undefined ? {} : { onEvent }) };
  return { model, ...(await hear<RunEvent, StepsResult>((to) => runSteps(request, to, silent), hearing)) };
}

const named = { type: "model-start", model: "house/0" } as const;
const calling = (...calls: readonly ModelEvent[][]): Said => [start, ...calls.flat(), end("tool_calls")];
const toolStart = (index: number, name: string): object => ({ type: "tool-start", id: `call_${index}`, name });
const toolEnd = (index: number, name: string, failed = false): object => ({
  type: "tool-end",
  id: `call_${index}`,
  name,
  failed,
});
const result = (index: number, content: string): object => ({
  role: "tool",
  tool_call_id: `call_${index}`,
  content,
  origin: "server",
});
const toCall = (index: number, name: string, args = "{}"): FunctionToolCall => ({
  id: `call_${index}`,
  type: "function",
  function: { name, arguments: args },
});
const spent = (calls: number): object => ({ prompt_tokens: calls, completion_tokens: calls, total_tokens: 2 * calls });

describe("a run", () => {
  test("without tools is one call of the model", async () => {
    const { model, events, result: ended } = await run([answer("hi")]);
    expect(events).toEqual([named, text("hi")]);
    expect(ended?.answer).toEqual({
      model: "house/0",
      message: { role: "assistant", content: "hi", refusal: null },
      reasoning: "",
      logprobs: undefined,
      finishReason: "stop",
      usage: spent(1),
    });
    expect(ended?.append).toEqual([{ role: "assistant", content: "hi" }]);
    expect(model.requests[0]).toMatchObject({ messages: [{ role: "system", content: "Be brief." }, hello], tools: [] });
  });

  test("calls the model with each result, and pays for all calls", async () => {
    const toolSet = createTools({ look: gives("snow"), count: gives("7") });
    const {
      model,
      events,
      result: ended,
    } = await run([calling(call(0, "look", '{"at":1}')), calling(call(0, "count")), answer("Seven.")], { toolSet });
    expect(events).toEqual([
      named,
      toolStart(0, "look"),
      toolEnd(0, "look"),
      named,
      toolStart(0, "count"),
      toolEnd(0, "count"),
      named,
      text("Seven."),
    ]);
    expect(toolSet.calls).toEqual(['look {"at":1}', "count {}"]);
    const append = [
      { role: "assistant", content: null, tool_calls: [toCall(0, "look", '{"at":1}')] },
      result(0, "snow"),
      { role: "assistant", content: null, tool_calls: [toCall(0, "count")] },
      result(0, "7"),
      { role: "assistant", content: "Seven." },
    ];
    expect(ended?.append).toEqual(append);
    expect(ended?.answer).toMatchObject({
      message: { content: "Seven." },
      finishReason: "stop",
      usage: spent(3),
    });
    expect(ended?.answer.message).not.toHaveProperty("tool_calls");
    expect(model.requests[2]?.messages.slice(2)).toEqual(append.slice(0, 4));
    for (const { tools } of model.requests) expect(tools).toEqual([tool("look"), tool("count")]);
  });

  test("runs the calls of one answer together, and keeps their results in the order of the calls", async () => {
    const { promise: secondRan, resolve: runSecond } = Promise.withResolvers<void>();
    const toolSet = createTools({
      slow: () => secondRan.then(() => ({ text: "slow", failed: false })),
      fast: () => {
        runSecond();
        return { text: "fast", failed: false };
      },
    });
    const { events, result: ended } = await run([calling(call(0, "slow"), call(1, "fast")), answer("done")], {
      toolSet,
    });
    expect(events.slice(1, 5)).toEqual([
      toolStart(0, "slow"),
      toolStart(1, "fast"),
      toolEnd(1, "fast"),
      toolEnd(0, "slow"),
    ]);
    expect(ended?.append.slice(1, 3)).toEqual([result(0, "slow"), result(1, "fast")]);
  });

  test("a tool that is away just now is a failed one, and no client's", async () => {
    const toolSet: ToolSet = {
      tools: [],
      owns: (name) => name.startsWith("house__"),
      find: (name) => ({ tool: name }),
      call: (name) => Promise.resolve({ text: `There is no ${name}.`, failed: true }),
    };
    const calls = [calling(call(0, "house__look")), answer("It is away.")];
    const { model, events, result: ended } = await run(calls, { toolSet });
    expect(ended?.answer.message).toMatchObject({ content: "It is away." });
    expect(events.map(({ type }) => type)).not.toContain("tool-call-start");
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({ role: "tool", content: "There is no house__look." });
    // The client's own tool may bear such a name.
    const own = await run([calling(call(0, "house__look"))], { toolSet, tools: [tool("house__look")] });
    expect(own.result?.answer.message.tool_calls).toHaveLength(1);
  });

  test("goes on with a tool that failed, as text that the model reads", async () => {
    const toolSet = createTools({ look: gives("It is dark.", true) });
    const { model, events, error } = await run([calling(call(0, "look")), answer("I see nothing.")], { toolSet });
    expect(error).toBeUndefined();
    expect(events).toContainEqual(toolEnd(0, "look", true));
    expect(model.requests[1]?.messages.at(-1)).toEqual(result(0, "It is dark."));
  });

  test("joins the thoughts and the log probabilities of its calls", async () => {
    const logprobs = [{ token: "x", logprob: -1, bytes: null, top_logprobs: [] }];
    const said = (thought: string, more: readonly ModelEvent[], last: End): Said => [
      start,
      reasoning(thought),
      { type: "text-delta", text: "x", logprobs },
      ...more,
      last,
    ];
    const { result: ended } = await run([said("a", call(0, "look"), end("tool_calls")), said("b", [], end())], {
      toolSet: createTools({ look: gives("snow") }),
    });
    expect(ended?.answer).toMatchObject({ reasoning: "ab", logprobs: [...logprobs, ...logprobs] });
  });
});

describe("between two answers of one run", () => {
  const speaking = (...said: readonly string[]): Said[] =>
    said.map((one, index) => [
      start,
      ...(one === "" ? [] : [text(one)]),
      ...(index < said.length - 1 ? call(0, "look") : []),
      end(index < said.length - 1 ? "tool_calls" : "stop"),
    ]);
  const rows: readonly [said: readonly string[], want: string][] = [
    [["Let me look.", "Snow."], "Let me look.\n\nSnow."],
    [["", "Snow."], "Snow."],
    [["a", "", "b"], "a\n\nb"],
    [["a", "b", "c"], "a\n\nb\n\nc"],
    [["a", ""], "a"],
  ];
  test.each(rows)("there is an empty line where both speak: %j", async (said, want) => {
    const { events, result: ended } = await run(speaking(...said), { toolSet: createTools({ look: gives("snow") }) });
    const streamed = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
    expect(streamed).toBe(want);
    expect(ended?.answer.message.content).toBe(want);
    // A client that tells the conversation again is recognised by what it saw.
    expect(toVisible(ended?.append ?? []).map(({ message }) => message.content)).toEqual([want]);
  });

  test("nothing is added for a delta without text", async () => {
    const said: Said[] = [
      [start, text("a"), ...call(0, "look"), end("tool_calls")],
      [start, text(""), end()],
    ];
    const { result: ended } = await run(said, { toolSet: createTools({ look: gives("snow") }) });
    expect(ended?.answer.message.content).toBe("a");
  });
});

describe("calls of the client's tools", () => {
  const tools = [tool("ask"), tool("show")];

  test("end the run, and are counted from 0 whatever stood between them", async () => {
    const toolSet = createTools({ look: gives("snow"), count: gives("7") });
    const said = calling(call(0, "look"), call(1, "ask"), call(2, "count"), call(3, "show", "[1]"));
    const { model, events, result: ended } = await run([said], { toolSet, tools });
    expect(model.requests).toHaveLength(1);
    const shown = events.filter((event) => "index" in event);
    expect(shown.map(({ type, index }) => [type, index])).toEqual([
      ["tool-call-start", 0],
      ["tool-call-delta", 0],
      ["tool-call-start", 1],
      ["tool-call-delta", 1],
    ]);
    expect(events.slice(-4)).toEqual([
      toolStart(0, "look"),
      toolStart(2, "count"),
      toolEnd(0, "look"),
      toolEnd(2, "count"),
    ]);
    expect(ended?.answer).toMatchObject({
      message: { content: null, tool_calls: [toCall(1, "ask"), toCall(3, "show", "[1]")] },
      finishReason: "tool_calls",
    });
    expect(ended?.append).toEqual([
      {
        role: "assistant",
        content: null,
        tool_calls: [toCall(0, "look"), toCall(1, "ask"), toCall(2, "count"), toCall(3, "show", "[1]")],
      },
      result(0, "snow"),
      result(2, "7"),
    ]);
    expect(toVisible(ended?.append ?? []).map(({ message }) => message)).toEqual([
      { role: "assistant", content: null, tool_calls: [toCall(1, "ask"), toCall(3, "show", "[1]")] },
    ]);
  });

  test("come after steps inside the gateway too", async () => {
    const toolSet = createTools({ look: gives("snow") });
    const { events, result: ended } = await run([calling(call(0, "look")), calling(call(0, "ask"))], {
      toolSet,
      tools,
    });
    expect(events.filter((event) => event.type === "tool-call-start")).toHaveLength(1);
    expect(ended?.answer).toMatchObject({ message: { tool_calls: [toCall(0, "ask")] }, usage: spent(2) });
  });

  test("that nobody knows are the client's", async () => {
    const { events, result: ended } = await run([calling(call(0, "nobody"))], {
      toolSet: createTools({ look: gives("snow") }),
    });
    expect(events.some((event) => event.type === "tool-start")).toBe(false);
    expect(ended?.answer.message.tool_calls).toEqual([toCall(0, "nobody")]);
  });
});

describe("what the client demands", () => {
  const tools = [tool("ask"), tool("show")];
  const allowed = (mode: "auto" | "required"): ModelSettings => ({
    tool_choice: { type: "allowed_tools", allowed_tools: { mode, tools: [tool("ask")] } },
  });

  test("is met by a tool of the gateway, after which the model may answer", async () => {
    const { model, error } = await run([calling(call(0, "look")), answer("Snow.")], {
      toolSet: createTools({ look: gives("snow") }),
      tools,
      settings: { tool_choice: "required" },
    });
    expect(error).toBeUndefined();
    expect(model.requests.map(({ settings }) => settings.tool_choice)).toEqual(["required", "auto"]);
  });

  const demanded: readonly (ModelSettings["tool_choice"] & {})[] = ["required", tool("ask")];
  test.each(demanded)("is a call, and words are a fault: %j", async (choice) => {
    const { error } = await run([answer("No.")], { tools, settings: { tool_choice: choice } });
    expect(error).toMatchObject({ code: "upstream_error" });
  });

  test.each(demanded)(
    "is passed on with the client's results, where words may come all the same: %j",
    async (choice) => {
      const history: readonly Message[] = [
        hello,
        { role: "assistant", content: null, tool_calls: [toCall(0, "ask")] },
        { role: "tool", tool_call_id: "call_0", content: "me" },
      ];
      const { model, error } = await run([answer("So.")], { tools, history, settings: { tool_choice: choice } });
      expect(error).toBeUndefined();
      expect(model.requests[0]?.settings).toEqual({ tool_choice: choice });
    },
  );

  test.each(["auto", "required"] as const)("goes on after a step: only the allowed tools (%s)", async (mode) => {
    const toolSet = createTools({ look: gives("snow") });
    const { model, error } = await run([calling(call(0, "look")), calling(call(0, "show"))], {
      toolSet,
      tools,
      settings: allowed(mode),
    });
    const offered = model.requests.map((request) => request.tools);
    expect(offered).toEqual([
      [tool("ask"), tool("look")],
      [tool("ask"), tool("look")],
    ]);
    expect(error).toMatchObject({ code: "upstream_error", retry: false });
  });

  test("is nothing: then nothing is told to the model in any step", async () => {
    const { model } = await run([calling(call(0, "look")), answer("Snow.")], {
      toolSet: createTools({ look: gives("snow") }),
    });
    expect(model.requests.map(({ settings }) => settings)).toEqual([{}, {}]);
  });

  test("is no call: then none runs", async () => {
    const toolSet = createTools({ look: gives("snow") });
    const { error } = await run([calling(call(0, "look"))], { toolSet, settings: { tool_choice: "none" } });
    expect(error).toMatchObject({ code: "upstream_error" });
    expect(toolSet.calls).toEqual([]);
  });

  const single: readonly [first: string, second: string, run: string[], shown: string[]][] = [
    ["look", "ask", ["look {}"], []],
    ["ask", "look", [], ["ask"]],
    ["look", "look", ["look {}"], []],
  ];
  test.each(single)("is one call at a time: of %s and %s only the first", async (first, second, ran, shown) => {
    const toolSet = createTools({ look: gives("snow") });
    const { events, result: ended } = await run([calling(call(0, first), call(1, second)), answer("Snow.")], {
      toolSet,
      tools,
      settings: { parallel_tool_calls: false },
    });
    expect(toolSet.calls).toEqual(ran);
    expect(events.flatMap((event) => (event.type === "tool-call-start" ? [event.name] : []))).toEqual(shown);
    expect(ended?.append[0]).toMatchObject({ tool_calls: [toCall(0, first)] });
  });
});

describe("a run that comes to no end", () => {
  test("is stopped before it runs tools whose results nobody would read", async () => {
    const toolSet = createTools({ look: gives("snow") });
    const { model, error } = await run([calling(call(0, "look"))], { toolSet, agent: { stepsMax: 3 } });
    expect(error).toMatchObject({ code: "upstream_error", retry: false });
    expect(model.requests).toHaveLength(3);
    expect(toolSet.calls).toHaveLength(2);
  });

  test("may be tried again where no tool ran", async () => {
    const toolSet = createTools({ look: gives("snow") });
    const { error } = await run([calling(call(0, "look"))], { toolSet, agent: { stepsMax: 1 } });
    expect(error).toMatchObject({ code: "upstream_error", retry: undefined });
    expect(toolSet.calls).toEqual([]);
  });

  test("is none if the last answer is text, or calls the client's tools too", async () => {
    const ask: Ask = { toolSet: createTools({ look: gives("snow") }), agent: { stepsMax: 2 }, tools: [tool("ask")] };
    expect((await run([calling(call(0, "look")), answer("Snow.")], ask)).error).toBeUndefined();
    const both = calling(call(0, "look"), call(1, "ask"));
    expect((await run([calling(call(0, "look")), both], ask)).error).toBeUndefined();
  });
});

describe("an answer that was cut short", () => {
  test.each(["length", "content_filter"] as const)("by %s runs none of its calls", async (reason) => {
    const toolSet = createTools({ wipe: gives("gone") });
    const said: Said = [start, text("Now"), ...call(0, "wipe", ""), end(reason)];
    const { error, result: ended } = await run([said], { toolSet });
    expect(error).toBeUndefined();
    expect(toolSet.calls).toEqual([]);
    expect(ended?.answer).toMatchObject({ message: { content: "Now" }, finishReason: reason });
    // Without a result the call would break every later turn.
    expect(ended?.append).toEqual([{ role: "assistant", content: "Now" }]);
  });

  test("keeps the calls that the client has seen", async () => {
    const toolSet = createTools({ look: gives("snow") });
    const said: Said = [start, ...call(0, "ask"), ...call(1, "look"), end("length")];
    const { result: ended } = await run([said], { toolSet, tools: [tool("ask")] });
    expect(ended?.answer.message.tool_calls).toEqual([toCall(0, "ask")]);
    expect(ended?.append).toEqual([{ role: "assistant", content: null, tool_calls: [toCall(0, "ask")] }]);
  });
});

describe("a failure", () => {
  const down = new GatewayError("upstream_unavailable", "The model cannot be reached.", { retryAfterSeconds: 3 });

  test("before any tool ran may be tried again", async () => {
    const { error } = await run([[down]], { toolSet: createTools({ look: gives("snow") }) });
    expect(error).toBe(down);
  });

  const causes: readonly [what: string, cause: Error, code: string][] = [
    ["of the model", down, "upstream_unavailable"],
    ["that nobody foresaw", new TypeError("x of undefined"), "internal_error"],
  ];
  test.each(causes)("%s after a tool ran may not, and keeps its cause for the log", async (_, cause, code) => {
    const { error } = await run([calling(call(0, "look")), [cause]], { toolSet: createTools({ look: gives("snow") }) });
    expect(error).toMatchObject({ code, retry: false, cause });
  });

  test("of the tools themselves may not either, and stops the others", async () => {
    let told: AbortSignal | undefined;
    const toolSet = createTools({
      hang: (_, signal) => {
        told = signal;
        return new Promise(() => undefined);
      },
      crash: () => Promise.reject(new TypeError("x of undefined")),
    });
    const { error } = await run([calling(call(0, "hang"), call(1, "crash"))], { toolSet });
    expect(error).toMatchObject({ code: "internal_error", retry: false, cause: new TypeError("x of undefined") });
    expect(told?.aborted).toBe(true);
  });
});

describe("whoever leaves", () => {
  test("stops the tools, and the model is not called again", async () => {
    const leaving = new AbortController();
    const reason = new Error("left");
    const toolSet = createTools({
      hang: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
          leaving.abort(reason);
        }),
    });
    const { model, error } = await run([calling(call(0, "hang"))], { toolSet, signal: leaving.signal });
    expect(error).toMatchObject({ cause: reason });
    expect(model.requests).toHaveLength(1);
  });

  test("by throwing stops the tools that still run", async () => {
    const told: AbortSignal[] = [];
    const toolSet = createTools({
      fast: gives("fast"),
      hang: (_, signal) => {
        told.push(signal);
        return new Promise(() => undefined);
      },
    });
    const onEvent = ({ type }: RunEvent): void => {
      if (type === "tool-end") throw new Error("left");
    };
    const { error } = await run([calling(call(0, "hang"), call(1, "fast"))], { toolSet, onEvent });
    expect(error).toMatchObject({ code: "internal_error", cause: new Error("left") });
    expect(told.map(({ aborted }) => aborted)).toEqual([true]);
  });
});
