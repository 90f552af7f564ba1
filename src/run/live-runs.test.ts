import { expect, test, vi } from "vitest";
import { GatewayError } from "../base/errors.ts";
import { operator, type Principal } from "../base/principal.ts";
import { createRunId, type LiveFacts, LiveRuns, type RunOutcome } from "./live-runs.ts";
import type { RunEvent } from "./run-event.ts";

const ada: Principal = { ...operator, name: "ada", namespace: "key:ada:" };
const text = (said: string): RunEvent => ({ type: "text-delta", text: said });
const failed: RunOutcome = { error: new GatewayError("cancelled", "The client left.") };

function toFacts(key = "agent:main:a", principal = operator): LiveFacts {
  return { principal, agent: { id: "main" }, session: { key } };
}

/** Writes down what an observer hears. */
function createObserver() {
  const heard: unknown[] = [];
  return {
    heard,
    onEvent: (event: RunEvent, seq: number) =>
      void heard.push([seq, event.type === "text-delta" ? event.text : event.type]),
    onEnd: (outcome: RunOutcome) => void heard.push(outcome.error?.code ?? "answer"),
  };
}

test("ids are told apart, and ordered by when they were made", () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 1_700_000_000_000 });
  try {
    const ids = Array.from({ length: 100 }, () => {
      vi.setSystemTime(Date.now() + 1);
      return createRunId();
    });
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(Array.from({ length: 1_000 }, createRunId)).size).toBe(1_000);
    for (const id of ids) expect(id).toMatch(/^run_[0-9a-f]{36}$/);
  } finally {
    vi.useRealTimers();
  }
});

test("several watch one run, each from when it came, until it ends or they leave", () => {
  const runs = new LiveRuns();
  const run = runs.open("1", toFacts());
  const [first, second, third] = [createObserver(), createObserver(), createObserver()];
  run.watch(first);
  const leave = run.watch(second);
  run.say({ type: "run-start", runId: "1" });
  run.say(text("a"));
  leave();
  run.watch(third);
  run.say(text("b"));
  runs.close(run, failed);
  run.say(text("late"));
  expect(first.heard).toEqual([[1, "run-start"], [2, "a"], [3, "b"], "cancelled"]);
  expect(second.heard).toEqual([
    [1, "run-start"],
    [2, "a"],
  ]);
  expect(third.heard).toEqual([[3, "b"], "cancelled"]);
  expect(runs.find("1")).toBeUndefined();
});

test("a run begins when a model takes it on", () => {
  const run = new LiveRuns().open("1", toFacts());
  run.say({ type: "run-start", runId: "1" });
  expect(run.startedAt).toBeUndefined();
  run.say({ type: "model-start", model: "house/small" });
  expect(run.startedAt).toBeGreaterThanOrEqual(run.createdAt);
});

test("the runs of a session are told of as they begin, and those that are there at once", () => {
  const runs = new LiveRuns();
  runs.open("1", toFacts());
  runs.open("2", toFacts(undefined, ada));
  const told: string[] = [];
  const leave = runs.watchSession("agent:main:a", (run) => void told.push(run.id));
  expect(told).toEqual(["1"]);
  runs.open("3", toFacts());
  runs.open("4", toFacts("agent:main:b"));
  runs.open("5", toFacts(undefined, ada));
  leave();
  runs.open("6", toFacts());
  expect(told).toEqual(["1", "3"]);
  expect([...runs.list()].map((run) => run.id)).toEqual(["1", "2", "3", "4", "5", "6"]);
});

test("a run is ended by its id, by whoever asks, if its door lets it", () => {
  const runs = new LiveRuns();
  const cancel = vi.fn<(reason: GatewayError) => void>();
  runs.open("1", { ...toFacts(), cancel });
  runs.open("2", toFacts());
  const reason = new GatewayError("run_cancelled", "The run was cancelled.");
  expect([runs.cancel("1", reason), runs.cancel("2", reason), runs.cancel("3", reason)]).toEqual([true, false, false]);
  expect(cancel).toHaveBeenCalledExactlyOnceWith(reason);
});
