import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { createBrake, type Flow, openFlow, untilFree } from "./listener.ts";

/** Notes what it is told, until it is told to stop. */
function watch(flow: Flow): { told: boolean[]; stop: () => void } {
  const told: boolean[] = [];
  return { told, stop: flow.onChange((held) => told.push(held)) };
}

/** Whether the promise has settled once everything that was ready has run. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe("createBrake", () => {
  it("is held between hold and release", () => {
    const brake = createBrake();
    const seen = [brake.held];
    for (const act of ["hold", "hold", "release", "release", "hold"] as const) {
      brake[act]();
      seen.push(brake.held);
    }
    expect(seen).toEqual([false, true, true, false, false, true]);
  });

  it("tells of each change once, however often a call is repeated", () => {
    const brake = createBrake();
    const { told } = watch(brake);
    for (const act of ["release", "hold", "hold", "release", "release", "hold"] as const) brake[act]();
    expect(told).toEqual([true, false, true]);
  });

  it("has changed by the time it tells so", () => {
    const brake = createBrake();
    const seen: boolean[] = [];
    brake.onChange(() => seen.push(brake.held));
    brake.hold();
    brake.release();
    expect(seen).toEqual([true, false]);
  });

  it("tells everyone, and nobody who does not want to be told any more", () => {
    const brake = createBrake();
    const [first, second] = [watch(brake), watch(brake)];
    brake.hold();
    first.stop();
    first.stop();
    brake.release();
    expect([first.told, second.told]).toEqual([[true], [true, false]]);
  });

  it("tells the others when one stops while it is told", () => {
    const brake = createBrake();
    const stop = brake.onChange(() => stop());
    const { told } = watch(brake);
    brake.hold();
    brake.release();
    expect(told).toEqual([true, false]);
  });

  it("leaves everyone with what it has become when one changes it while it is told", () => {
    const brake = createBrake();
    brake.onChange((held) => {
      if (held) brake.release();
    });
    const { told } = watch(brake);
    brake.hold();
    expect(brake.held).toBe(false);
    expect(told.at(-1)).toBe(false);
  });

  it("is free at once while it is not held, and otherwise when it is released", async () => {
    const brake = createBrake();
    expect(await hasSettled(brake.free())).toBe(true);
    brake.hold();
    const waits = [brake.free(), brake.free()];
    expect(await hasSettled(Promise.race(waits))).toBe(false);
    brake.release();
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
  });
});

describe("openFlow", () => {
  it("is never held, and has nothing to tell", async () => {
    const { told, stop } = watch(openFlow);
    stop();
    expect(await hasSettled(openFlow.free())).toBe(true);
    expect({ held: openFlow.held, told }).toEqual({ held: false, told: [] });
  });
});

describe("untilFree", () => {
  const left = new Error("left");

  it("waits until the flow is released, and no time at all if it is not held", async () => {
    const brake = createBrake();
    const { signal } = new AbortController();
    expect(await hasSettled(untilFree(brake, signal))).toBe(true);
    brake.hold();
    const wait = untilFree(brake, signal);
    expect(await hasSettled(wait)).toBe(false);
    brake.release();
    expect(await wait).toBeUndefined();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("rejects with the signal's reason when that aborts, though the flow stays held", async () => {
    const brake = createBrake();
    brake.hold();
    const controller = new AbortController();
    const wait = untilFree(brake, controller.signal);
    controller.abort(left);
    await expect(wait).rejects.toBe(left);
  });

  it.each([true, false])("rejects with the reason of a signal that had aborted before, held: %s", async (held) => {
    const brake = createBrake();
    if (held) brake.hold();
    await expect(untilFree(brake, AbortSignal.abort(left))).rejects.toBe(left);
  });
});
