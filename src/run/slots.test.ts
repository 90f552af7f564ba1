import { expect, test } from "vitest";
import type { Slots } from "./slots.ts";
import { createTestSlots } from "./slots.fixture.ts";

const place = { principal: "operator", line: "" };
const never = new AbortController().signal;

/** How many more may run at once; they run then. */
function countFree(slots: Slots): number {
  let count = 0;
  while (count < 10_000 && slots.take()) count++;
  return count;
}

test("while the loop has no rest fewer run at once, but never fewer than 64, and then as many as before", () => {
  const { slots, loop } = createTestSlots({ max: 500 });
  const end = (runs: number): void => {
    for (let run = 0; run < runs; run++) slots.leave();
    // So long ago that it says nothing of the pace.
    for (let sample = 0; sample < 50; sample++) loop.onSample(true);
  };
  for (let run = 0; run < 300; run++) slots.take();
  loop.onSample(true);
  for (let run = 0; run < 25; run++) slots.leave();
  // 95 in a hundred of the 300 that ran when it was told.
  expect(countFree(slots)).toBe(10);
  end(235);
  expect(countFree(slots)).toBe(14);
  for (let sample = 0; sample < 50; sample++) loop.onSample(false);
  expect(countFree(slots)).toBe(436);
});

test("runs that end soon are as many as end in 0.35 s", () => {
  const { slots, loop } = createTestSlots({ max: 500 });
  for (let sample = 0; sample < 50; sample++) {
    let taken = 0;
    while (taken < 100 && slots.take()) taken++;
    for (let run = 0; run < taken; run++) slots.leave();
    loop.onSample(true);
  }
  expect(countFree(slots)).toBe(350);
});

test("whoever waits is let in when there is time again", async () => {
  const { slots, loop } = createTestSlots({ max: 66 });
  for (let run = 0; run < 66; run++) slots.take();
  loop.onSample(true);
  slots.leave();
  expect(slots.take()).toBe(false);
  const waits = slots.wait(place, never);
  loop.onSample(false);
  expect(await waits).toBe(true);
});

test("a limit below 64 is left alone", () => {
  const { slots, loop } = createTestSlots({ max: 2 });
  loop.onSample(true);
  expect(countFree(slots)).toBe(2);
});

test("those who are refused are told different times to come back", () => {
  const { slots, loop, refused } = createTestSlots();
  loop.late = true;
  const told = Array.from({ length: 6 }, () => {
    try {
      return slots.assertRoom("operator");
    } catch (error) {
      return (error as { retryAfterSeconds: number }).retryAfterSeconds;
    }
  });
  expect(told).toEqual([1, 2, 3, 4, 5, 1]);
  expect(refused).toEqual(Array.from(told, () => "loop_delay"));
});

test("without a body to look at, only a principal that has less waiting than another has room in a full queue", () => {
  const { slots, loop } = createTestSlots({ max: 1, queueMax: 4 });
  const mayCome = (principal: string): boolean => {
    try {
      slots.assertRoom(principal);
      return true;
    } catch {
      return false;
    }
  };
  slots.take();
  const leaving = new AbortController();
  const gone: Promise<unknown>[] = [];
  const wait = (principal: string, line: string): void => {
    gone.push(slots.wait({ principal, line }, leaving.signal).catch(() => undefined));
  };
  for (const line of ["", "", "one"]) wait("crowd", line);
  expect(["crowd", "other"].map(mayCome)).toEqual([true, true]);
  wait("other", "");
  // Of a crowd that is one line, a session of it would be let in; the body would tell.
  expect(["crowd", "other", "third"].map(mayCome)).toEqual([true, true, true]);
  loop.onSample(true);
  expect(["crowd", "other", "third"].map(mayCome)).toEqual([false, true, true]);
  leaving.abort(new Error("gone"));
  return Promise.all(gone);
});

test("the principal alone decides until as many may run again as before", () => {
  const { slots, loop } = createTestSlots({ max: 80, queueMax: 2 });
  slots.take();
  loop.onSample(true);
  loop.onSample(false);
  expect(countFree(slots)).toBe(78);
  const leaving = new AbortController();
  const waiting: Promise<unknown>[] = [];
  const wait = (): void => {
    waiting.push(slots.wait({ principal: "crowd", line: "one" }, leaving.signal).catch(() => undefined));
  };
  wait();
  wait();
  expect(() => slots.assertRoom("crowd")).toThrow("too many runs wait");
  expect(() => slots.assertRoom("other")).not.toThrow();
  // One of them runs now.
  loop.onSample(false);
  wait();
  // Another session of the crowd may have a place of it, and the body tells.
  expect(() => slots.assertRoom("crowd")).not.toThrow();
  leaving.abort(new Error("gone"));
  return Promise.all(waiting);
});
