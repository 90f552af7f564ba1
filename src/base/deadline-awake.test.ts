import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startPatience } from "./deadline.ts";
import { awakeMs, keepAwakeClock } from "./loop-watch.ts";

/** As a process that was stopped. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function keepClock(): Promise<void> {
  onTestFinished(keepAwakeClock());
  // The first sample.
  await delay(150);
}

test("the clock does not count the time in which the process stood still, seen already or not", async () => {
  await keepClock();
  const began = awakeMs();
  standStill(1_000);
  expect(awakeMs() - began).toBeLessThan(500);
  await delay(150);
  expect(awakeMs() - began).toBeLessThan(900);
});

test("the clock counts on where it is kept twice and let go once, and as any other where nobody keeps it", async () => {
  const letGo = keepAwakeClock();
  await keepClock();
  letGo();
  letGo();
  const began = awakeMs();
  standStill(1_000);
  expect(awakeMs() - began).toBeLessThan(500);
});

test("patience ends with the time in which the process ran, and not before what has come is read", async () => {
  await keepClock();
  const over = new EventTarget();
  let isOver = false;
  startPatience(300, () => {
    isOver = true;
    over.dispatchEvent(new Event("over"));
  });
  standStill(1_000);
  await delay(50);
  expect(isOver).toBe(false);
  await once(over, "over");
});

test("patience lets what has come be read where the loop was only late", async () => {
  await keepClock();
  const order: string[] = [];
  startPatience(20, () => order.push("over"));
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const read = once(port2, "message").then(() => order.push("read"));
  port1.postMessage("in time");
  standStill(60);
  await read;
  await delay(150);
  expect(order).toEqual(["read", "over"]);
});

test("patience that is stopped is never over", async () => {
  await keepClock();
  let isOver = false;
  const patience = startPatience(5, () => (isOver = true));
  // Its own timer has run by then, late.
  setTimeout(() => patience.stop(), 8);
  standStill(50);
  await delay(150);
  expect(isOver).toBe(false);
});

test("patience ends also where each turn of the loop is long, as there is that much to do", async () => {
  await keepClock();
  let turns = 0;
  await new Promise<void>((resolve) => {
    startPatience(1_000, resolve);
    const work = (): void => {
      const { user } = process.threadCpuUsage();
      while (process.threadCpuUsage().user - user < 700_000) turns += 0;
      if (turns++ < 20) setImmediate(work);
    };
    work();
  });
  expect(turns).toBeLessThan(10);
});
