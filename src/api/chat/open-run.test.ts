import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunEvent } from "../../run/run-event.ts";
import { GatewayError } from "../../base/errors.ts";
import { openRun } from "./open-run.ts";

const start: RunEvent = { type: "run-start", runId: "run_1" };
const accepted: RunEvent = { type: "model-start", model: "lab/llama" };
const text = (value: string): RunEvent => ({ type: "text-delta", text: value });
const error = new GatewayError("upstream_error", "The model broke off.");
const failure: RunEvent = { type: "run-error", error };

/** A run that is scripted; a number is a pause in milliseconds. It knows whether it was closed. */
function createRun(script: readonly (RunEvent | number)[]) {
  const state = { closed: false, read: 0 };
  async function* run(): AsyncGenerator<RunEvent> {
    try {
      for (const step of script) {
        if (typeof step === "number") {
          await new Promise((resolve) => {
            setTimeout(resolve, step);
          });
          continue;
        }
        state.read++;
        yield step;
      }
    } finally {
      state.closed = true;
    }
  }
  return { state, events: run() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const scripts: readonly { readonly name: string; readonly script: readonly RunEvent[] }[] = [
  { name: "text after the model has accepted", script: [start, accepted, text("a"), text("b")] },
  { name: "text without an acceptance", script: [start, text("a")] },
  { name: "text and then a failure", script: [start, accepted, text("a"), failure] },
];
test.each(scripts)("gives $name from the first thing that the model said", async ({ script }) => {
  const { state, events } = createRun(script);
  const { model, events: opened } = await openRun(events);
  expect(model).toBe(script.includes(accepted) ? "lab/llama" : "");
  expect(state.read).toBe(script.findIndex(({ type }) => type === "text-delta") + 1);
  const rest = script.filter(({ type }) => type !== "run-start" && type !== "model-start");
  expect(await Array.fromAsync(opened)).toEqual(rest);
  expect(state.closed).toBe(true);
});

test("does not wait for a model that has accepted and thinks, and loses none of its words", async () => {
  const { events } = createRun([start, accepted, 60_000, text("a"), text("b")]);
  let opened: AsyncIterable<RunEvent> | undefined;
  void openRun(events).then((run) => (opened = run.events));
  await vi.advanceTimersByTimeAsync(100);
  expect(opened).toBeUndefined();
  await vi.advanceTimersByTimeAsync(400);
  expect(opened).toBeDefined();
  const all = Array.fromAsync(opened ?? []);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await all).toEqual([text("a"), text("b")]);
});

test("waits as long as it takes for a model that has not accepted", async () => {
  const { events } = createRun([start, 60_000, failure]);
  const opened = openRun(events);
  const refused = expect(opened).rejects.toBe(error);
  await vi.advanceTimersByTimeAsync(60_000);
  await refused;
});

const failing: readonly { readonly name: string; readonly script: readonly (RunEvent | number)[] }[] = [
  { name: "before the model has accepted", script: [start, failure] },
  { name: "at once after it has accepted", script: [start, accepted, failure] },
  { name: "a little after it has accepted", script: [start, accepted, 50, failure] },
];
test.each(failing)("throws the error of a run that fails $name", async ({ script }) => {
  const { events } = createRun(script);
  const refused = expect(openRun(events)).rejects.toBe(error);
  await vi.advanceTimersByTimeAsync(60);
  await refused;
});

test("a failure after its patience is the last event, and no longer thrown", async () => {
  const { state, events } = createRun([start, accepted, 1_000, failure]);
  const opening = openRun(events);
  await vi.advanceTimersByTimeAsync(500);
  const all = Array.fromAsync((await opening).events);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await all).toEqual([failure]);
  expect(state.closed).toBe(true);
});

test("a reader that leaves closes the run, even one that it has not begun to read", async () => {
  for (const reads of [0, 1]) {
    const { state, events } = createRun([start, accepted, text("a"), text("b"), text("c")]);
    const iterator = (await openRun(events)).events[Symbol.asyncIterator]();
    for (let read = 0; read < reads; read++) await iterator.next();
    await iterator.return?.();
    expect(state).toEqual({ closed: true, read: 3 });
  }
});
