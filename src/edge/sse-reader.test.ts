import { text } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createEndless,
  createSource,
  options,
  toEvents,
  watch,
  withKeepAlive,
} from "../../test/wire/source.fixture.ts";
import { createSseBody } from "./sse.ts";

// Turns and ticks stay real: only what takes time is played.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] }));
afterEach(() => void vi.useRealTimers());

describe("a reader that is slow", () => {
  test("stops the source, and lets it go on", async () => {
    const { source, events } = createEndless();
    const body = createSseBody({ events }, options);
    await nextTurn();
    const stopped = source.pulled;
    expect(stopped).toBeLessThan(200);
    await nextTurn();
    expect(source.pulled).toBe(stopped);
    while (source.pulled === stopped) {
      expect(body.read()).not.toBeNull();
      await nextTurn();
    }
    expect(source.pulled).toBeLessThan(stopped * 2 + 10);
  });

  test("gets every event, in order", async () => {
    const body = createSseBody(
      { events: toEvents(...Array.from({ length: 500 }, (_, at) => `${at}`.padEnd(1000))) },
      options,
    );
    let read = "";
    for await (const bytes of body) {
      read += String(bytes);
      await nextTurn();
    }
    const numbers = [...read.matchAll(/^data: "(\d+) /gm)].map(([, digits]) => Number(digits));
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, at) => at));
    expect(read.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("is given up after 30 s in which it takes nothing", async () => {
    const { source, events } = createEndless();
    const body = createSseBody({ events }, options);
    await nextTurn();
    vi.advanceTimersByTime(29_999);
    expect(body.destroyed).toBe(false);
    vi.advanceTimersByTime(1);
    await nextTurn();
    expect(body.destroyed).toBe(true);
    expect(source.returned).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is not given up as long as it takes something now and then", async () => {
    const { events } = createEndless();
    const body = createSseBody({ events }, options);
    await nextTurn();
    for (let second = 0; second < 60; second++) {
      vi.advanceTimersByTime(1000);
      expect(body.read()).not.toBeNull();
      await nextTurn();
      expect(body.destroyed, `after ${second + 1} s`).toBe(false);
    }
    body.destroy();
  });

  test("is not given up later for a rest that it has taken", async () => {
    const source = createSource();
    const body = createSseBody({ events: source.events }, options);
    // One event a turn, until more are there than the body holds.
    for (let event = 0; event < 10; event++) {
      source.give("x".repeat(10_000));
      await nextTurn();
    }
    expect(body.read()).not.toBeNull();
    await nextTurn();
    vi.advanceTimersByTime(30_000);
    expect(body.destroyed).toBe(false);
  });

  test("is sent nothing behind [DONE], however late it reads it", async () => {
    const body = createSseBody({ events: toEvents(1) }, withKeepAlive("comment"));
    const errors: unknown[] = [];
    body.on("error", (error) => void errors.push(error));
    await nextTurn();
    vi.advanceTimersByTime(5000);
    await nextTurn();
    expect(errors).toEqual([]);
    expect(await text(body)).toBe("data: 1\n\ndata: [DONE]\n\n");
  });
});

describe("a reader that leaves", () => {
  test("ends the source, also while it is waited for", async () => {
    const source = createSource();
    const body = createSseBody({ events: source.events }, withKeepAlive("comment"));
    const { pushes } = watch(body);
    source.give(1);
    await nextTurn();
    body.destroy();
    await nextTurn();
    expect(source.returned).toBe(1);
    source.give(2);
    await nextTurn();
    expect(pushes).toEqual(["data: 1\n\n"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends a source that was held back", async () => {
    const { source, events } = createEndless();
    const body = createSseBody({ events }, options);
    await nextTurn();
    body.destroy();
    await nextTurn();
    expect(source.returned).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a stream that was read to its end leaves nothing behind", async () => {
    const source = createSource();
    const body = createSseBody({ events: source.events }, withKeepAlive("comment"));
    const { pushes } = watch(body);
    source.end();
    await nextTurn();
    expect(pushes).toEqual(["data: [DONE]\n\n", null]);
    expect(body.destroyed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a source that is silent", () => {
  test.for([
    ["comment", ": ping\n"],
    ["chunk", 'data: {"idle":true}\n\n'],
  ] as const)("shows life with a %s, once in each interval", async ([form, sign]) => {
    const source = createSource();
    const { pushes } = watch(createSseBody({ events: source.events, idleEvent: { idle: true } }, withKeepAlive(form)));
    for (const ms of [999, 1, 999, 1]) {
      vi.advanceTimersByTime(ms);
      await nextTurn();
    }
    expect(pushes).toEqual([sign, sign]);
  });

  test("counts the interval from what was said last", async () => {
    const source = createSource();
    const { pushes } = watch(createSseBody({ events: source.events }, withKeepAlive("comment")));
    vi.advanceTimersByTime(900);
    source.give(1);
    await nextTurn();
    vi.advanceTimersByTime(900);
    await nextTurn();
    expect(pushes).toEqual(["data: 1\n\n"]);
    vi.advanceTimersByTime(100);
    await nextTurn();
    expect(pushes).toEqual(["data: 1\n\n", ": ping\n"]);
  });

  test("shows no life to a reader that is behind", async () => {
    const { events } = createEndless();
    const body = createSseBody({ events }, withKeepAlive("comment"));
    await nextTurn();
    const push = vi.spyOn(body, "push");
    vi.advanceTimersByTime(10_000);
    await nextTurn();
    expect(push).not.toHaveBeenCalled();
    body.destroy();
  });

  test("stays silent where the configuration says so, and where there is no idle event it is a comment", async () => {
    const off = watch(createSseBody({ events: createSource().events, idleEvent: 1 }, options));
    const none = watch(createSseBody({ events: createSource().events }, withKeepAlive("chunk")));
    vi.advanceTimersByTime(5000);
    await nextTurn();
    expect(off.pushes).toEqual([]);
    expect(none.pushes.join("")).toMatch(/^(?:: ping\n)+$/);
  });
});
