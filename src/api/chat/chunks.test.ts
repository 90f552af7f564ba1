import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { GatewayError } from "../../base/errors.ts";
import { Chunks, createChunkJson, Opening, toIdleChunk } from "./chunks.ts";
import { answers, heads, steps, texts } from "./chunks.fixture.ts";
import type { AnswerHead } from "./head.ts";
import type { ChatCompletionChunk } from "../../base/contract.ts";
import type { RunAnswer, RunEvent } from "../../run/run-event.ts";

function toChunks(events: readonly RunEvent[], answer: RunAnswer, head: AnswerHead): ChatCompletionChunk[] {
  const list: ChatCompletionChunk[] = [];
  const chunks = new Chunks(head, (chunk) => void list.push(chunk));
  chunks.begin();
  for (const event of events) chunks.add(event);
  chunks.end(answer);
  return list;
}

test("every chunk that a run can make is written as JSON.stringify writes it", () => {
  fc.assert(
    fc.property(heads, fc.array(steps, { maxLength: 6 }), answers, (head, events, answer) => {
      const toJson = createChunkJson(head);
      for (const chunk of [toIdleChunk(head), ...toChunks(events, answer, head)]) {
        expect(toJson(chunk)).toBe(JSON.stringify(chunk));
        expect(JSON.parse(toJson(chunk))).toEqual(JSON.parse(JSON.stringify(chunk)));
      }
    }),
  );
});

test("only the end of a run gives a finish reason", () => {
  fc.assert(
    fc.property(heads, fc.array(steps, { maxLength: 6 }), answers, (head, events, answer) => {
      const reasons = toChunks(events, answer, head).flatMap(({ choices }) =>
        choices.map((choice) => choice.finish_reason),
      );
      expect(reasons.filter((reason) => reason !== null)).toHaveLength(1);
      expect(reasons.at(-1)).not.toBeNull();
    }),
  );
});

test("a chunk is one line, whatever its text", () => {
  fc.assert(
    fc.property(heads, texts, (head, text) => {
      const json = createChunkJson(head)({ ...toIdleChunk(head), choices: [toChoice(text)] });
      expect(json).not.toMatch(/[\r\n]/);
      expect((JSON.parse(json) as ChatCompletionChunk).choices).toEqual([toChoice(text)]);
    }),
  );
});

function toChoice(content: string): ChatCompletionChunk["choices"][number] {
  return { index: 0, delta: { content }, logprobs: null, finish_reason: null };
}

const start: RunEvent = { type: "run-start", runId: "run_1" };
const accepted: RunEvent = { type: "model-start", model: "lab/llama" };
const text = (value: string): RunEvent => ({ type: "text-delta", text: value });
const error = new GatewayError("upstream_error", "The model broke off.");
const answer: RunAnswer = {
  model: "lab/mistral",
  message: { role: "assistant", content: "" },
  reasoning: "",
  logprobs: undefined,
  finishReason: "stop",
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};

type Step = RunEvent | number | GatewayError;

/** A run that is scripted: a number is a pause in milliseconds, an error its end. */
async function play(script: readonly Step[], emit: (event: RunEvent) => void): Promise<RunAnswer> {
  for (const step of script) {
    if (step instanceof GatewayError) throw step;
    if (typeof step !== "number") emit(step);
    else
      await new Promise((resolve) => {
        setTimeout(resolve, step);
      });
  }
  return answer;
}

/** Opens a run; the outcome is undefined as long as nothing is decided. */
function open(script: readonly Step[]) {
  const opening = new Opening();
  const run = play(script, opening.emit);
  const state = {
    model: undefined as string | undefined,
    error: undefined as unknown,
    events: [] as RunEvent[],
    starts: [] as string[],
    run,
  };
  const decide = async (): Promise<void> => {
    try {
      state.model = (await opening.decided(run)).model;
      // The starts are passed on as well; what most tests are about is what was said.
      opening.passTo((event) => {
        if (event.type === "run-start" || event.type === "model-start") state.starts.push(event.type);
        else state.events.push(event);
      });
    } catch (cause) {
      state.error = cause;
    }
  };
  return { state, decided: decide() };
}

describe("what is heard of a run until its status is certain", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each<[what: string, script: readonly Step[], model: string]>([
    ["text after the model has accepted", [start, accepted, text("a"), text("b")], "lab/llama"],
    ["text and then a failure", [start, accepted, text("a"), error], "lab/llama"],
    ["text of a second model call", [start, accepted, text("a"), { type: "model-start", model: "x" }], "lab/llama"],
  ])("passes on everything from the first thing that the model said: %s", async (_, script, model) => {
    const { state, decided } = open(script);
    await decided;
    await state.run.catch(() => undefined);
    expect(state.model).toBe(model);
    const said = script.filter((step) => typeof step === "object" && "type" in step && step.type === "text-delta");
    expect(state.events.filter(({ type }) => type === "text-delta")).toEqual(said);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("names the model of an answer that said nothing", async () => {
    const { state, decided } = open([start]);
    await decided;
    expect(state).toMatchObject({ model: "lab/mistral", events: [] });
  });

  test("does not wait for a model that has accepted and thinks, and loses none of its words", async () => {
    const { state } = open([start, accepted, 60_000, text("a"), text("b")]);
    await vi.advanceTimersByTimeAsync(100);
    expect(state.model).toBeUndefined();
    await vi.advanceTimersByTimeAsync(400);
    expect(state).toMatchObject({ model: "lab/llama", events: [] });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state.events).toEqual([text("a"), text("b")]);
  });

  test.each<[when: string, script: readonly Step[]]>([
    ["before the model has accepted", [start, error]],
    ["long before the model has accepted", [start, 60_000, error]],
    ["at once after it has accepted", [start, accepted, error]],
    ["a little after it has accepted", [start, accepted, 50, error]],
  ])("rejects with the error of a run that fails %s", async (_, script) => {
    const { state } = open(script);
    await vi.advanceTimersByTimeAsync(60_060);
    expect(state).toMatchObject({ model: undefined, error });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a failure after its patience is the run's alone, and no longer thrown", async () => {
    const { state } = open([start, accepted, 1_000, error]);
    const outcome = state.run.catch((cause: unknown) => cause);
    await vi.advanceTimersByTimeAsync(500);
    expect(state.model).toBe("lab/llama");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcome).toBe(error);
    expect(state.error).toBeUndefined();
  });

  test("passes on at once what comes after the decision", async () => {
    const { state, decided } = open([start, accepted, text("a"), 100, text("b"), 100]);
    await decided;
    expect(state.events).toEqual([text("a")]);
    await vi.advanceTimersByTimeAsync(100);
    expect(state.events).toEqual([text("a"), text("b")]);
  });
});
