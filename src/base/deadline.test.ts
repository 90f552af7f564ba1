import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { GatewayError } from "./errors.ts";
import { createBrake, type Flow, openFlow } from "./listener.ts";
import { type Deadline, IdleTimer, startDeadline } from "./deadline.ts";

const limits = { connectMs: 1, firstTokenMs: 100, idleMs: 50, totalMs: 1_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const start = (flow = openFlow, caller = new AbortController().signal): Deadline => startDeadline(limits, caller, flow);
const outcome = ({ signal }: Deadline): string => (signal.aborted ? (signal.reason as Error).message : "running");
/** Whether it still runs at the first time, and what it says at the second. */
function assertEndsBetween(deadline: Deadline, before: number, after: number, says: string): void {
  vi.advanceTimersByTime(before);
  expect(outcome(deadline)).toBe("running");
  vi.advanceTimersByTime(after - before);
  expect(outcome(deadline)).toContain(says);
  expect(deadline.signal.reason).toBeInstanceOf(GatewayError);
  expect(deadline.signal.reason).toMatchObject({ code: "upstream_timeout" });
}

describe("startDeadline", () => {
  it("ends a call that has no first byte", () => {
    assertEndsBetween(start(), 99, 100, "did not answer within 100 ms");
  });

  it("ends a call that falls silent after its first byte", () => {
    const deadline = start();
    vi.advanceTimersByTime(90);
    deadline.arrived();
    assertEndsBetween(deadline, 49, 50, "fell silent for 50 ms");
  });

  it("counts silence from the last byte", () => {
    const deadline = start();
    for (let count = 0; count < 10; count += 1) {
      deadline.arrived();
      vi.advanceTimersByTime(40);
    }
    assertEndsBetween(deadline, 9, 10, "fell silent");
  });

  it("ends a call that drips for ever", () => {
    const deadline = start();
    for (let count = 0; count < 24; count += 1) {
      deadline.arrived();
      vi.advanceTimersByTime(40);
    }
    deadline.arrived();
    assertEndsBetween(deadline, 39, 40, "did not finish within 1000 ms");
  });

  it("does not take a slow reader for a silent provider", () => {
    const flow = createBrake();
    const deadline = start(flow);
    deadline.arrived();
    flow.hold();
    vi.advanceTimersByTime(900);
    expect(outcome(deadline)).toBe("running");
    flow.release();
    assertEndsBetween(deadline, 49, 50, "fell silent");
  });

  it("gives the provider all its time again whenever the reader goes on", () => {
    const flow = createBrake();
    const deadline = start(flow);
    deadline.arrived();
    for (let count = 0; count < 8; count += 1) {
      vi.advanceTimersByTime(40);
      flow.hold();
      vi.advanceTimersByTime(60);
      flow.release();
    }
    assertEndsBetween(deadline, 49, 50, "fell silent");
  });

  it("ends a call of a slow reader all the same", () => {
    const flow = createBrake();
    const deadline = start(flow);
    deadline.arrived();
    flow.hold();
    assertEndsBetween(deadline, 999, 1_000, "did not finish");
  });

  it("ends a call that has no first byte, though its reader is slow already", () => {
    const flow = createBrake();
    flow.hold();
    assertEndsBetween(start(flow), 99, 100, "did not answer");
  });

  it.each<[when: string, arrivals: number]>([
    ["before the first byte", 0],
    ["after it", 1],
  ])("leaves no timer behind when it is stopped %s, not even if a byte comes late", (_, arrivals) => {
    const flow = createBrake();
    const deadline = start(flow);
    for (let count = 0; count < arrivals; count += 1) deadline.arrived();
    deadline.stop();
    deadline.arrived();
    flow.hold();
    flow.release();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10_000);
    expect(outcome(deadline)).toBe("running");
  });

  it("aborts with its caller's reason, and no more once it is stopped", () => {
    const caller = new AbortController();
    const [deadline, stopped] = [start(openFlow, caller.signal), start(openFlow, caller.signal)];
    stopped.stop();
    caller.abort(new Error("left"));
    expect([outcome(deadline), outcome(stopped)]).toEqual(["left", "running"]);
    deadline.stop();
  });

  it("is aborted from the beginning if its caller has left before", () => {
    const deadline = start(openFlow, AbortSignal.abort(new Error("left")));
    expect(outcome(deadline)).toBe("left");
    deadline.stop();
  });

  it("listens to nobody once it is stopped", () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const flow: Flow = {
      ...openFlow,
      onChange() {
        listeners += 1;
        return () => void (listeners -= 1);
      },
    };
    const deadline = start(flow, signal);
    expect([listeners, getEventListeners(signal, "abort").length]).toEqual([1, 1]);
    deadline.stop();
    expect([listeners, getEventListeners(signal, "abort").length]).toEqual([0, 0]);
  });
});

/** Runs for so long, touched so often, and gives the milliseconds at which it told that nothing happened. */
function run(ms: number, forMs: number, touchedAt: readonly number[] = []): number[] {
  const started = performance.now();
  const told: number[] = [];
  const timer = new IdleTimer(ms, () => told.push(performance.now() - started));
  for (const at of touchedAt) {
    vi.advanceTimersByTime(at - (performance.now() - started));
    timer.touch();
  }
  vi.advanceTimersByTime(forMs - (performance.now() - started));
  timer.stop();
  return told;
}

describe("IdleTimer", () => {
  it.each<[what: string, touchedAt: number[], want: number[]]>([
    ["nothing ever happens", [], [100, 200, 300]],
    ["something happens at once", [0], [100, 200, 300]],
    ["something happens in time", [60], [160, 260]],
    ["it happens in time again and again", [60, 120, 180, 240, 300], []],
    ["it happens just in time", [99], [199, 299]],
    ["it happens often", Array.from({ length: 150 }, (_, ms) => ms), [249, 349]],
    ["it happens after it was told", [130], [100, 230, 330]],
  ])("tells after 100 ms of silence and each 100 ms more when %s", (_, touchedAt, want) => {
    expect(run(100, 350, touchedAt)).toEqual(want);
  });

  it("needs no timer of its own for what happens", () => {
    const timer = new IdleTimer(100, () => undefined);
    // No spy: vitest restores what a spy found once more after the file, and that is the fake clock's.
    const { setTimeout: set } = globalThis;
    const counted = vi.fn<typeof set>(set);
    globalThis.setTimeout = counted;
    for (let count = 0; count < 1_000; count += 1) timer.touch();
    globalThis.setTimeout = set;
    expect({ set: counted.mock.calls.length, timers: vi.getTimerCount() }).toEqual({ set: 0, timers: 1 });
    timer.stop();
  });

  it.each<[when: string, act: (timer: IdleTimer) => void]>([
    ["at once", () => undefined],
    ["after something happened", (timer) => timer.touch()],
    ["while it counts what is left", () => vi.advanceTimersByTime(70)],
  ])("is silent and leaves no timer behind once it is stopped %s, whatever happens then", (_, act) => {
    const told = vi.fn<() => void>();
    const timer = new IdleTimer(100, told);
    vi.advanceTimersByTime(50);
    timer.touch();
    act(timer);
    timer.stop();
    timer.touch();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(told).not.toHaveBeenCalled();
  });

  it("can be stopped while it tells", () => {
    const told: number[] = [];
    const timer = new IdleTimer(100, () => {
      told.push(1);
      timer.stop();
    });
    vi.advanceTimersByTime(1_000);
    expect({ told, timers: vi.getTimerCount() }).toEqual({ told: [1], timers: 0 });
  });
});
