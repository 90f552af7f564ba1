import { expect, test } from "vitest";
import { createReconnectPause } from "./reconnect-pause.ts";

test("a pause is a second, twice as long after each failure up to half a minute, and short again after success", () => {
  let now = 0;
  const pause = createReconnectPause(() => now);
  const measure = (): number => {
    pause.extend();
    const start = now;
    while (!pause.isOver()) now += 500;
    return now - start;
  };
  expect(pause.isOver()).toBe(true);
  expect([1, 2, 3, 4, 5, 6, 7].map(measure)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  pause.reset();
  expect(measure()).toBe(1000);
});
