import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { IdleTimer } from "./idle-timer.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
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
