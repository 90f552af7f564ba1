import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSilentLog } from "../../base/log.ts";
import type { Pool } from "./pool.ts";
import { RunHolder } from "./run-holder.ts";
import { holderMs } from "./run-statements.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const said: string[] = [];
  let isDown = false;
  const pool: Pick<Pool, "run"> = {
    run({ text }) {
      if (isDown) return Promise.reject(new Error("down"));
      said.push(text);
      return Promise.resolve([]);
    },
  };
  const statements = { here: { text: "here" }, gone: { text: "gone" } };
  const holder = new RunHolder({ pool, statements, name: "a", log: createSilentLog() });
  return { holder, said, fail: (down: boolean) => void (isDown = down) };
}

test("a holder is heard of thrice in the time for which it is believed in, while it has a run", async () => {
  const { holder, said } = setUp();
  await vi.advanceTimersByTimeAsync(holderMs);
  expect(said).toEqual([]);
  holder.take("1");
  holder.take("2");
  await vi.advanceTimersByTimeAsync(holderMs);
  expect(said).toEqual(["here", "here", "here"]);
  holder.drop("1");
  await vi.advanceTimersByTimeAsync(holderMs);
  expect(said).toHaveLength(6);
  holder.drop("2");
  await vi.advanceTimersByTimeAsync(holderMs);
  expect(said).toHaveLength(6);
  expect(vi.getTimerCount()).toBe(0);
});

test("a holder goes on after the database was down, and says good-bye if it has runs", async () => {
  const { holder, said, fail } = setUp();
  await holder.leave();
  expect(said).toEqual([]);
  holder.take("1");
  fail(true);
  await vi.advanceTimersByTimeAsync(holderMs / 3);
  fail(false);
  await vi.advanceTimersByTimeAsync(holderMs / 3);
  await holder.leave();
  expect(said).toEqual(["here", "gone"]);
});

test("what is written of a run is written in order, also after a write that failed; other runs do not wait", async () => {
  const { holder } = setUp();
  const order: string[] = [];
  const first = Promise.withResolvers<string>();
  const toWrite = (name: string, wait: Promise<string>) => async () => {
    order.push(`${name} begins`);
    return wait;
  };
  const results = Promise.allSettled([
    holder.inOrder("1", toWrite("a", first.promise)),
    holder.inOrder("1", toWrite("b", Promise.resolve("b"))),
    holder.inOrder("1", toWrite("c", Promise.resolve("c"))),
    holder.inOrder("2", toWrite("x", Promise.resolve("x"))),
  ]);
  await vi.advanceTimersByTimeAsync(10);
  expect(order).toEqual(["a begins", "x begins"]);
  first.reject(new Error("lost"));
  expect((await results).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
  expect(order).toEqual(["a begins", "x begins", "b begins", "c begins"]);
});
