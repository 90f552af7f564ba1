import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLanes, type LeaveLane } from "./turns.ts";

const free = new AbortController().signal;
const busy = expect.objectContaining({ code: "session_busy", retryAfterSeconds: 2 }) as Error;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets everything happen that is due now. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

function setUp(waitingMax = 8, waitMs = 1_000) {
  const lanes = createLanes({ waitingMax, waitMs });
  const log: string[] = [];
  const leaves = new Map<string, LeaveLane>();
  const take = async (name: string, key: string, signal: AbortSignal): Promise<void> => {
    try {
      leaves.set(name, await lanes.enter(key, signal));
      log.push(name);
    } catch (error) {
      log.push(`${name}: ${(error as Error).message}`);
    }
  };
  const enter = (name: string, key = "k", signal = free): void => void take(name, key, signal);
  return { lanes, log, enter, leave: (name: string): void => leaves.get(name)?.() };
}

describe("a lane", () => {
  test("is given to one at a time, in order of arrival", async () => {
    const { lanes, log, enter, leave } = setUp();
    for (const name of ["a", "b", "c"]) enter(name);
    await settle();
    expect(log).toEqual(["a"]);
    leave("a");
    await settle();
    expect(log).toEqual(["a", "b"]);
    enter("d");
    for (const name of ["b", "c", "d"]) {
      leave(name);
      await settle();
    }
    expect(log).toEqual(["a", "b", "c", "d"]);
    expect(lanes.size).toBe(0);
  });

  test("of another key does not wait", async () => {
    const { lanes, log, enter } = setUp();
    for (const key of ["k", "K", "k "]) enter(key, key);
    await settle();
    expect(log).toEqual(["k", "K", "k "]);
    expect(lanes.size).toBe(3);
  });

  test("that is left twice lets only one in", async () => {
    const { log, enter, leave } = setUp();
    for (const name of ["a", "b", "c"]) enter(name);
    await settle();
    leave("a");
    leave("a");
    await settle();
    expect(log).toEqual(["a", "b"]);
  });

  test("holds only so many who wait; one more is busy at once", async () => {
    const { lanes, log, enter, leave } = setUp(2);
    for (const name of ["a", "b", "c"]) enter(name);
    await expect(lanes.enter("k", free)).rejects.toEqual(busy);
    leave("a");
    await settle();
    leave("a");
    enter("d");
    await settle();
    leave("b");
    await settle();
    expect(log).toEqual(["a", "b", "c"]);
    leave("c");
    await settle();
    expect(log).toEqual(["a", "b", "c", "d"]);
  });

  test("without room for waiting is busy for every second one", async () => {
    const { lanes } = setUp(0);
    const leave = await lanes.enter("k", free);
    await expect(lanes.enter("k", free)).rejects.toEqual(busy);
    leave();
    await expect(lanes.enter("k", free)).resolves.toBeTypeOf("function");
  });

  test("is waited for so long and no longer, and the next in line moves up", async () => {
    const { lanes, log, enter, leave } = setUp(8, 1_000);
    enter("a");
    enter("b");
    await vi.advanceTimersByTimeAsync(600);
    enter("c");
    await vi.advanceTimersByTimeAsync(399);
    expect(log).toEqual(["a"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(log).toEqual(["a", "b: The session is busy: it was not free within 1000 ms."]);
    leave("a");
    await settle();
    expect(log.at(-1)).toBe("c");
    await vi.advanceTimersByTimeAsync(5_000);
    leave("c");
    expect(log).toHaveLength(3);
    expect(lanes.size).toBe(0);
  });
});

describe("one who gives up", () => {
  test("while waiting gets the signal's reason, and the next in line moves up", async () => {
    const { log, enter, leave } = setUp();
    const leaving = new AbortController();
    enter("a");
    enter("b", "k", leaving.signal);
    enter("c");
    await settle();
    leaving.abort(new Error("gone"));
    await settle();
    expect(log).toEqual(["a", "b: gone"]);
    leave("a");
    await settle();
    expect(log).toEqual(["a", "b: gone", "c"]);
  });

  test("before coming does not take the lane", async () => {
    const { lanes } = setUp();
    await expect(lanes.enter("k", AbortSignal.abort(new Error("gone")))).rejects.toThrow("gone");
    expect(lanes.size).toBe(0);
  });

  test("with a reason that is no error is cancelled", async () => {
    const { lanes, enter } = setUp();
    const leaving = new AbortController();
    enter("a");
    const waiting = lanes.enter("k", leaving.signal);
    leaving.abort("gone");
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  });

  test("once the lane was given to it still holds it until it leaves", async () => {
    const { lanes, log, enter, leave } = setUp();
    const leaving = new AbortController();
    enter("a");
    enter("b", "k", leaving.signal);
    await settle();
    leave("a");
    leaving.abort(new Error("gone"));
    enter("c");
    await vi.advanceTimersByTimeAsync(500);
    expect(log).toEqual(["a", "b"]);
    leave("b");
    await settle();
    leave("c");
    expect(log).toEqual(["a", "b", "c"]);
    expect(lanes.size).toBe(0);
  });

  test("leaves no timer and no listener behind", async () => {
    const { enter, leave } = setUp();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, "removeEventListener");
    enter("a");
    enter("b", "k", signal);
    await settle();
    leave("a");
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(remove).toHaveBeenCalledWith("abort", expect.any(Function));
  });
});
