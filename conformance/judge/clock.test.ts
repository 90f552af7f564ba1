import { expect, onTestFinished, test } from "vitest";
import { watchClock } from "./clock.ts";

/** A machine whose clocks a test moves; a look at the time of day takes as long as the next of `holds` says. */
function createClocks() {
  const time = { nowMs: 1000, jumpMs: 0, holds: [] as number[] };
  const watch = watchClock({
    monotonic: () => time.nowMs,
    wall: () => (time.nowMs += time.holds.shift() ?? 0) + time.jumpMs,
    worked: () => 0,
  });
  onTestFinished(watch.stop);
  return { time, watch };
}

test("a clock that is set is a fault of the time since then", () => {
  const { time, watch } = createClocks();
  time.jumpMs = -7000;
  expect(watch.findFault(1000)).toBe("the clock of this machine was set by -7.0 s");
  time.nowMs += 100;
  expect(watch.findFault(1050)).toBeUndefined();
});

test.for([[[600]], [[600, 700, 800, 900, 1000]]])(
  "a process that is held up between two looks has no clock that jumps: %j",
  ([holds = []]) => {
    const { time, watch } = createClocks();
    time.holds = [...holds];
    expect(watch.findFault(1000)).toBeUndefined();
  },
);
