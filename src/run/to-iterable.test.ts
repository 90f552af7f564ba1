import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Listener, untilFree } from "../base/listener.ts";
import { toIterable } from "./to-iterable.ts";

/** Says numbers as fast as it may. */
function count(to: number, said: { last: number; left?: unknown }) {
  return async ({ signal, flow, emit }: Listener<number>): Promise<string> => {
    try {
      for (let at = 1; at <= to; at += 1) {
        await untilFree(flow, signal);
        emit((said.last = at));
      }
      return "done";
    } catch (reason) {
      said.left = reason;
      throw reason;
    }
  };
}

test("gives every event in order, and returns what the work resolves with", async () => {
  const events = toIterable(count(1000, { last: 0 }));
  const seen: number[] = [];
  let next = await events.next();
  for (; next.done !== true; next = await events.next()) seen.push(next.value);
  expect(seen).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1));
  expect(next.value).toBe("done");
});

test("throws what the work rejects with, after the events that came before", async () => {
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    const events = toIterable<string, never>(async ({ emit }) => {
      emit("a");
      throw new Error("broken");
    });
    for await (const event of events) seen.push(event);
  };
  await expect(read()).rejects.toThrow("broken");
  expect(seen).toEqual(["a"]);
});

test("holds the work while its reader is slow", async () => {
  const said = { last: 0 };
  const events = toIterable(count(100_000, said));
  await events.next();
  await nextTurn();
  const stopped = said.last;
  expect(stopped).toBeLessThan(1000);
  await nextTurn();
  expect(said.last).toBe(stopped);
  await events.return("left");
});

test("a reader that leaves, and a signal that aborts, end the work", async () => {
  const left = { last: 0, left: undefined as unknown };
  for await (const event of toIterable(count(100_000, left))) if (event === 3) break;
  await nextTurn();
  expect(left.left).toEqual(new Error("the reader left"));

  const cut = new AbortController();
  const reason = new Error("cut");
  const aborted = async (): Promise<void> => {
    for await (const event of toIterable(count(100_000, { last: 0 }), cut.signal)) if (event === 3) cut.abort(reason);
  };
  await expect(aborted()).rejects.toBe(reason);
});
