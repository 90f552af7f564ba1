import type { LoopState } from "../base/loop-watch.ts";
import { Slots, type SlotLimits } from "./slots.ts";

/** Slots with a loop that does what the test says: `loop.onSample(true)` is a sample without a rest. */
export function createTestSlots(limits: Partial<SlotLimits> = {}) {
  const refused: string[] = [];
  const loop: LoopState & { late: boolean } = {
    late: false,
    hasStoodStill: () => false,
    isLate: () => loop.late,
    onSample: () => undefined,
  };
  const metrics = { refuseRun: (reason: string) => void refused.push(reason), setRunsWaiting: () => undefined };
  const slots = new Slots({ max: 1024, queueMax: 256, waitMs: 30_000, ...limits }, { loop, metrics });
  return { slots, loop, refused };
}
